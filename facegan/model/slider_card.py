"""The section of the model card on sliders: how pure each is, in figures and as a picture."""

from facegan.model import folder as layout
from facegan.model.facts import one_line
from facegan.sliders.slider import SliderSet

_TEXT = """
## Sliders

{count} can each be moved by themselves: `model.edit(latents, {{"{first}": 1.0}})`. From -1 to 1 an attribute goes from
two standard deviations below the mean of all faces to two above, or as far as this generator clearly goes.

| slider | how pure it is | reaches its boundary | monotone |{floor_title}
|---|---|---|---|{floor_line}
{rows}
{floor}{picture}{surprises}{left_out}
"""
_SURPRISES = """
{count} more were found without labels, as the directions in which the generator's early features change most and the
attributes above do not: {names}. Each visitor of the demo may name them. {moved}
"""
_FLOOR_TITLE = " in pairs of pictures of one person |"
_FLOOR = """
The last column is what the same judge sees in pairs of drawn pictures of one person, of which one attribute was changed
and no reading of another network says that others were: how much the others change, and in how many perceived gender
does. So much is not the fault of a slider.
"""
_PICTURE = """
![How much each slider changes every attribute, and the same for mean-difference directions]({leakage})

Each row is a slider moved from end to end on {seeds:,} generated faces. A cell is how much an attribute changes, in its
standard deviations, for each that the slider's own does; below it the same for the simplest sliders, the mean
difference of latents with and without an attribute. The table above counts the attributes that have a slider; the
picture shows what else is read, too. They are judged by other networks than they were fitted with,
whose errors count as change, too: of {mean:.0%} on average, {agreed:.0%} is what both see. {people} "Perceived gender"
is how a network reads a picture, and says nothing of any person.
"""
_PEOPLE = {
    True: "Gender and age were judged with InsightFace's recognition network, too.",
    False: "Gender and age were judged without a recognition network, which errs more.",
}


def sliders_section(sliders: SliderSet | None) -> str:
    """The section, empty where the model has no sliders."""
    if sliders is None:
        return ""
    judged = sliders.facts.get("judged") or {}
    left_out = sliders.facts.get("left_out")
    floors = [one.quality.get("floor") for one in sliders.sliders]
    compared = any(isinstance(floor, dict) for floor in floors)
    rows = [
        f"| {one_line(one.label)} | {one_line(one.note)} | {_share(one.quality, 'crossing')} "
        f"| {_share(one.quality, 'monotone')} |" + (f" {_floor(one.name, floor)} |" if compared else "")
        for one, floor in zip(sliders.sliders, floors, strict=True)
    ]
    reasons = [f"- There is no slider {one_line(name)}, because {one_line(str(reason))}."
            for name, reason in (left_out.items() if isinstance(left_out, dict) else ())]  # fmt: skip
    return _TEXT.format(
        count=f"{len(sliders.sliders)} attributes" if len(sliders.sliders) > 1 else "One attribute",
        first=sliders.sliders[0].name,
        rows="\n".join(rows),
        floor_title=_FLOOR_TITLE if compared else "",
        floor_line="---|" if compared else "",
        floor=_FLOOR if compared else "",
        picture=_picture(judged),
        surprises=_surprises(sliders),
        left_out="\n" + "\n".join(reasons) + "\n" if reasons else "",
    )


def _surprises(sliders: SliderSet) -> str:
    found = sliders.surprises.sliders if sliders.surprises else ()
    if not found:
        return ""
    moved = [value for one in found if isinstance(value := one.quality.get("named_moved"), int | float)]
    names = ", ".join(f"`{one.name}`" for one in found)
    effect = "How much they move the attributes above was not measured."
    if moved:
        effect = (
            f"From end to end they move the judge's readings of the attributes above by {sum(moved) / len(moved):.2f} "
            "standard deviations on average, the judge's errors included."
        )
    return _SURPRISES.format(count=len(found), names=names, moved=effect)


def _floor(name: str, floor: object) -> str:
    """The cell of a slider's pairs, "-" where there are none."""
    if not isinstance(floor, dict):
        return "-"
    flips = "" if name == "gender" else f", gender {_share(floor, 'gender_flips')}"
    count = floor.get("pairs")
    return f"{_share(floor, 'leakage_mean')}{flips}" + (f" ({count:,} pairs)" if isinstance(count, int) else "")


def _picture(judged: object) -> str:
    values = judged if isinstance(judged, dict) else {}
    seeds, mean, agreed = (values.get(name) for name in ("seeds", "leakage_mean", "leakage_agreed"))
    if not values.get("sliders") or any(not isinstance(one, int | float) for one in (seeds, mean, agreed)):
        return ""
    people = _PEOPLE[values.get("recognition") is True]
    return _PICTURE.format(leakage=layout.LEAKAGE, seeds=seeds, mean=mean, agreed=agreed, people=people)


def _share(quality: dict, name: str) -> str:
    value = quality.get(name)
    return f"{value:.0%}" if isinstance(value, int | float) else "-"

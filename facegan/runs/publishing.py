"""Publishing of a run: the check before the training, the push after it, and the commands to do it later."""

from collections.abc import Callable

from facegan.base import commands
from facegan.base.errors import FaceGANError
from facegan.publish.push import push_run
from facegan.publish.target import PushOptions, Target, check_target
from facegan.runs.run_config import RunOptions
from facegan.runs.run_file import facts_of


def check_publishing(options: RunOptions) -> Target | None:
    """Check before hours of training that the model can be pushed. Raises FaceGANError."""
    if options.push_to_hub is None:
        return None
    if not options.about_data.strip():
        raise FaceGANError(
            "A published model must say what it learned from: add --about-data with a sentence on the photos."
        )
    if options.space:
        check_target(options.space, options.out, options.private, kind="space")
    return check_target(options.push_to_hub, options.out, options.private)


def publish(options: RunOptions, not_yet: str, say: Callable[[str], None]) -> None:
    """Push the model of a run that has ended, and its Space. `not_yet`: why that must wait, or an empty text.

    Raises FaceGANError as `push_run` does, and KeyboardInterrupt with a sentence that has the command for later.
    """
    wanted = _push_options(options)
    later = wanted.command(options.out)
    if not_yet:  # such as Ctrl-C, after which the user should look at the model first
        say(f"The model was not published, because {not_yet}: look at it, and publish it with: {later}")
        return
    try:
        push_run(options.out, wanted, facts_of(options.out), say)
    except KeyboardInterrupt:
        sentence = f"Stopped. The model in {options.out / 'model'} is complete; publish it with: {later}"
        raise KeyboardInterrupt(sentence) from None


def how_to_resume(options: RunOptions) -> str:
    """The message after Ctrl-C has ended a run at once."""
    if options.resume or options.compare_unaligned or not (options.out / "checkpoint").exists():
        return "Stopped. What was done is kept; the same command continues."
    words = ["--resume", "--out", str(options.out)]
    if options.push_to_hub is not None:
        words += ["--push-to-hub", *([options.push_to_hub] if options.push_to_hub else [])]
        words += _push_options(options).flags()
    return f"Stopped. What was done is kept; continue with: {commands.typed(commands.TRAIN, *words)}"


def _push_options(options: RunOptions) -> PushOptions:
    """The options of a push without those that the run stores: --about-data and --contact."""
    name, space = options.push_to_hub or "", options.space or ""
    return PushOptions(name, options.private, allow_memorised=options.allow_memorised, space=space)

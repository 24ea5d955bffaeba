"""What a run does about the Hub: asked before the hours of work, done after them; and the commands for later."""

import shlex
from collections.abc import Callable

from facegan.base.errors import FaceGANError
from facegan.publish.push import push_run
from facegan.publish.target import PushOptions, Target, check_target
from facegan.runs.run_config import RunOptions


def check_publishing(options: RunOptions) -> Target | None:
    """Whether what was asked for can be published, told before hours of work. Raises FaceGANError."""
    if options.push_to_hub is None:
        return None
    if not options.about_data.strip():
        raise FaceGANError(
            "A published model says what it learned from: add --about-data with a sentence on the photos."
        )
    if options.space:
        check_target(options.space, options.out, options.private, kind="space")
    return check_target(options.push_to_hub, options.out, options.private)


def publish(options: RunOptions, unready: str, say: Callable[[str], None]) -> None:
    """Push the model of the run that has ended, and its Space, unless something says that it is `unready`.

    Raises FaceGANError as `push_run` does, and KeyboardInterrupt with a sentence that has the command for later.
    """
    wanted = _push_options(options)
    later = wanted.command(options.out)
    if unready:  # who stops a training, say, has not seen yet what it would publish
        say(f"It was not published, because {unready}: look at it, and publish it with: {later}")
        return
    try:
        push_run(options.out, wanted, say)
    except KeyboardInterrupt:
        told = f"Stopped. The model is whole in {options.out / 'model'}; publish it with: {later}"
        raise KeyboardInterrupt(told) from None


def how_to_go_on(options: RunOptions) -> str:
    """What to say when Ctrl-C has ended a run at once."""
    if options.resume or options.compare_unaligned or not (options.out / "checkpoint").exists():
        return "Stopped. What was done is kept; the same command goes on."
    words = ["python", "train/train.py", "--resume", "--out", str(options.out)]
    if options.push_to_hub is not None:
        words += ["--push-to-hub", *([options.push_to_hub] if options.push_to_hub else [])]
        words += _push_options(options).flags()
    return f"Stopped. What was done is kept; go on with: {shlex.join(words)}"


def _push_options(options: RunOptions) -> PushOptions:
    """Without what the run keeps: a sentence on the photos, and the contact."""
    name, space = options.push_to_hub or "", options.space or ""
    return PushOptions(name, options.private, allow_memorised=options.allow_memorised, space=space)

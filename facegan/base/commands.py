"""How the commands of this program are typed, for messages that say what to run next."""

import shlex

TRAIN = "train/train.py"
PUSH = "train/push.py"
PUBLISH_SPACE = "train/publish_space.py"
FIT_SLIDERS = "train/fit_sliders.py"
FIT_ENCODER = "train/fit_encoder.py"
DEMO = "app.py"
INSTALL_TRAINING = "pip install -r train/requirements.txt"


def typed(command: str, *arguments: object) -> str:
    """The line to type, quoted for a shell."""
    return shlex.join(["python", command, *map(str, arguments)])

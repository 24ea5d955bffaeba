from tests.labels.conftest import FRAMING, sheet_faces  # noqa: F401 - the tests take them from here

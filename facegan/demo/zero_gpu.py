"""Free Spaces run on ZeroGPU, which starts only programs that have a function for its GPU."""

from importlib.util import find_spec


def declare_gpu_use() -> None:
    """Have such a function where the package `spaces` is installed. Nobody calls it: a face takes the CPU 10 ms."""
    if find_spec("spaces") is None:
        return
    import spaces

    @spaces.GPU
    def never_called() -> None:
        pass

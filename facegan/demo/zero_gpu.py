"""Free Spaces run on ZeroGPU, which only starts programs that have a function decorated with `spaces.GPU`."""

from importlib.util import find_spec


def declare_gpu_use() -> None:
    """Declares such a function if `spaces` is installed. It is never called: the CPU draws a face in 10 ms."""
    if find_spec("spaces") is None:
        return
    import spaces

    @spaces.GPU
    def never_called() -> None:
        pass

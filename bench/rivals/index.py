"""bench/cases/index.cc in PyTorch."""

MAKERS = []

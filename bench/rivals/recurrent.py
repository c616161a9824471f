"""bench/cases/recurrent.cc in PyTorch."""

MAKERS = []

"""The data of the practical: CIFAR-10 where it is, drawings in its place where it is not."""

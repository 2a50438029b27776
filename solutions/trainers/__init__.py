"""Ways to train the reference: by `fit`, each run in a process of its own, all seeds in one program."""

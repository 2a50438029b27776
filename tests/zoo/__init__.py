"""The zoo: submissions with the exact marks that each must get. `python -m zoo` grades them all (`make zoo`)."""

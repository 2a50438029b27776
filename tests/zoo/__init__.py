"""The zoo: submissions with the exact marks that each must get. `make zoo` grades a spread of them."""

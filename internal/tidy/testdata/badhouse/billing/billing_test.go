package billing_test // want "billing is not in the plan of the house"

package ledger // want "server/ledger is not in the plan of the house"

package console

// ActWords are the words of the acts of the access ledger, for the test that none lacks them.
var ActWords = actWords

package tapdisk

// Over puts a tap onto the disk beside that of the process.
var Over = over

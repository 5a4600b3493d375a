package privatefile

// AllowedTo is what the mode of a file is held against.
var AllowedTo = allowedTo

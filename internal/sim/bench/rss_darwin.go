package bench

// rssUnit is the unit of a finished process's peak memory: bytes on macOS.
const rssUnit = 1

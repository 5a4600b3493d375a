package wire

// ReasonBusy is the reason of a server that has no room for a call now. It says how long to wait, and a phone does: that is no
// failure.
const ReasonBusy = "BUSY"

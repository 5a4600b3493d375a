package syncengine

// StampAheadMax is how far a stamp may lie after the time of receipt, in
// milliseconds: a minute covers slow radio links and says nothing about order.
const StampAheadMax UnixMilli = 60_000

// Stamp corrects a device time by the measured clock offset and bounds it by
// what is known: an edit is not older than the commit its author had seen and
// not younger than its arrival. suspect tells that the bound was needed.
func Stamp(deviceTime, offset, baseCommit, received UnixMilli) (stamp UnixMilli, suspect bool) {
	stamp = deviceTime + offset
	if latest := received + StampAheadMax; stamp > latest {
		return latest, true
	}
	if stamp < baseCommit {
		return baseCommit, true
	}
	return stamp, false
}

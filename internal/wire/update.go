package wire

// An app that is older than its server asks for is told so in the header of the answers to its exchanges, as long as it is
// served, and refused with a reason afterwards.
const (
	// UpdateToHeader holds the version that is asked for, UpdateByHeader until when older ones are served: milliseconds since 1970.
	UpdateToHeader = "onedoor-update-to"
	UpdateByHeader = "onedoor-update-by"
	// ReasonAppOld is the reason of a refusal.
	ReasonAppOld = "APP_OLD"
)

package accessledger

import (
	"strings"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// Action says what was done. Its numbers are those of the admin protocol, where
// each is explained; they are stored and never reused.
type Action adminv1.AccessAction

// The actions that show what is sealed.
const (
	Sync           = Action(adminv1.AccessAction_ACCESS_ACTION_SYNC)
	Explain        = Action(adminv1.AccessAction_ACCESS_ACTION_EXPLAIN)
	Conflicts      = Action(adminv1.AccessAction_ACCESS_ACTION_CONFLICTS)
	QuarantineRead = Action(adminv1.AccessAction_ACCESS_ACTION_QUARANTINE_READ)
	LogRead        = Action(adminv1.AccessAction_ACCESS_ACTION_LOG_READ)
	Export         = Action(adminv1.AccessAction_ACCESS_ACTION_EXPORT)
	BreakGlass     = Action(adminv1.AccessAction_ACCESS_ACTION_BREAK_GLASS)
	Lookup         = Action(adminv1.AccessAction_ACCESS_ACTION_LOOKUP)
	Console        = Action(adminv1.AccessAction_ACCESS_ACTION_CONSOLE)
	Feed           = Action(adminv1.AccessAction_ACCESS_ACTION_FEED)
	PrivacyAccess  = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_ACCESS)
)

// The actions that change what people may do, and those of the realm itself.
const (
	UserAdd           = Action(adminv1.AccessAction_ACCESS_ACTION_USER_ADD)
	UserState         = Action(adminv1.AccessAction_ACCESS_ACTION_USER_STATE)
	UsersImport       = Action(adminv1.AccessAction_ACCESS_ACTION_USERS_IMPORT)
	TeamPut           = Action(adminv1.AccessAction_ACCESS_ACTION_TEAM_PUT)
	GrantsSet         = Action(adminv1.AccessAction_ACCESS_ACTION_GRANTS_SET)
	DoorsAssign       = Action(adminv1.AccessAction_ACCESS_ACTION_DOORS_ASSIGN)
	Handover          = Action(adminv1.AccessAction_ACCESS_ACTION_HANDOVER)
	TerritoriesImport = Action(adminv1.AccessAction_ACCESS_ACTION_TERRITORIES_IMPORT)
	PremisesImport    = Action(adminv1.AccessAction_ACCESS_ACTION_PREMISES_IMPORT)
	TokenMint         = Action(adminv1.AccessAction_ACCESS_ACTION_TOKEN_MINT)
	TokenRevoke       = Action(adminv1.AccessAction_ACCESS_ACTION_TOKEN_REVOKE)
	JoinCode          = Action(adminv1.AccessAction_ACCESS_ACTION_JOIN_CODE)
	Enrol             = Action(adminv1.AccessAction_ACCESS_ACTION_ENROL)
	DeviceRevoke      = Action(adminv1.AccessAction_ACCESS_ACTION_DEVICE_REVOKE)
	DeviceWipe        = Action(adminv1.AccessAction_ACCESS_ACTION_DEVICE_WIPE)
	DeviceWiped       = Action(adminv1.AccessAction_ACCESS_ACTION_DEVICE_WIPED)
	QuarantineRelease = Action(adminv1.AccessAction_ACCESS_ACTION_QUARANTINE_RELEASE)
	QuarantineReject  = Action(adminv1.AccessAction_ACCESS_ACTION_QUARANTINE_REJECT)
	Recuse            = Action(adminv1.AccessAction_ACCESS_ACTION_RECUSE)
	CaseSeal          = Action(adminv1.AccessAction_ACCESS_ACTION_CASE_SEAL)
	SignInSet         = Action(adminv1.AccessAction_ACCESS_ACTION_SIGN_IN_SET)
	Lease             = Action(adminv1.AccessAction_ACCESS_ACTION_LEASE)
	RulesImport       = Action(adminv1.AccessAction_ACCESS_ACTION_RULES_IMPORT)
	MonthFreeze       = Action(adminv1.AccessAction_ACCESS_ACTION_MONTH_FREEZE)
	FeedPut           = Action(adminv1.AccessAction_ACCESS_ACTION_FEED_PUT)
	FeedClose         = Action(adminv1.AccessAction_ACCESS_ACTION_FEED_CLOSE)
	KeysRotate        = Action(adminv1.AccessAction_ACCESS_ACTION_KEYS_ROTATE)
	Restore           = Action(adminv1.AccessAction_ACCESS_ACTION_RESTORE)
)

// The acts of the privacy desk and of retention.
const (
	PrivacyCorrect    = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_CORRECT)
	PrivacyErase      = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_ERASE)
	PrivacySeal       = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_SEAL)
	PrivacyShare      = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_SHARE)
	PrivacyIncident   = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_INCIDENT)
	PrivacyRefuse     = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_REFUSE)
	PrivacyAssessment = Action(adminv1.AccessAction_ACCESS_ACTION_PRIVACY_ASSESSMENT)
	Retention         = Action(adminv1.AccessAction_ACCESS_ACTION_RETENTION)
	LegalHold         = Action(adminv1.AccessAction_ACCESS_ACTION_LEGAL_HOLD)
)

// readsMax is the last of the numbers that are kept for actions that show what is sealed.
const readsMax = 19

// Reads reports an action that shows values of sealed fields.
func (a Action) Reads() bool { return a > 0 && a <= readsMax || a == PrivacyAccess }

// actionPrefix begins the names of the protocol's enum.
const actionPrefix = "ACCESS_ACTION_"

// String gives the name that people type: break_glass.
func (a Action) String() string {
	return strings.ToLower(strings.TrimPrefix(adminv1.AccessAction(a).String(), actionPrefix))
}

// ParseAction reads such a name.
func ParseAction(name string) (Action, bool) {
	n, ok := adminv1.AccessAction_value[actionPrefix+strings.ToUpper(name)]
	return Action(n), ok && n != 0
}

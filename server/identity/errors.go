package identity

import "errors"

// Errors of this package, wrapped with the value they are about. Any other
// error comes from the store or the disk beneath.
var (
	// ErrNotInitialised means the store holds no realm yet.
	ErrNotInitialised = errors.New("store holds no realm: run `onedoor init` first")
	// ErrInitialised means the store holds a realm already.
	ErrInitialised = errors.New("store holds a realm already")
	// ErrDamaged means a stored document cannot be read as what it should be.
	ErrDamaged = errors.New("stored identity document is damaged")
	// ErrInvalid means a value breaks a rule of this package, which the error names.
	ErrInvalid = errors.New("not valid")

	// ErrUserUnknown means there is no such user.
	ErrUserUnknown = errors.New("no such user")
	// ErrUserClosed means the user has left.
	ErrUserClosed = errors.New("user is closed: set its state to active first")
	// ErrRoleUnknown means a number is no role that can be given.
	ErrRoleUnknown = errors.New("no such role")

	// ErrDeviceUnknown means there is no such device.
	ErrDeviceUnknown = errors.New("no such device")
	// ErrIncarnationTaken means the incarnation belongs to another user or key.
	ErrIncarnationTaken = errors.New("incarnation is enrolled with another user or key: start a new local database")

	// ErrTerritoryUnknown means there is no such territory.
	ErrTerritoryUnknown = errors.New("no such territory: import it first")
	// ErrCodeTaken means a territory code names another territory already.
	ErrCodeTaken = errors.New("territory code is taken")
	// ErrTreeBroken means the territories do not form a tree.
	ErrTreeBroken = errors.New("territories form no tree")

	// ErrGrantUnknown means a user has no grants of that version.
	ErrGrantUnknown = errors.New("no such grant version")
	// ErrViewUnknown means no expansion with that version was stored.
	ErrViewUnknown = errors.New("no such view version")
	// ErrTeamUnknown means there is no such team.
	ErrTeamUnknown = errors.New("no such team")

	// ErrCodeMistyped means a join code's check symbol does not fit, or a symbol is none of the alphabet.
	ErrCodeMistyped = errors.New("join code is mistyped: compare it with the one shown")
	// ErrCodeUnknown means a well-formed join code was never given out.
	ErrCodeUnknown = errors.New("join code is unknown: ask the operator for a new one")
	// ErrCodeExpired means a join code is older than CodeValidFor.
	ErrCodeExpired = errors.New("join code has expired: ask the operator for a new one")
	// ErrCodeUsed means a join code has made a device already.
	ErrCodeUsed = errors.New("join code has been used: ask the operator for a new one")

	// ErrTokenUnknown means a token was never given out, is malformed or of another realm.
	ErrTokenUnknown = errors.New("token is not known here")
	// ErrTokenRevoked means a token was revoked or its user has left.
	ErrTokenRevoked = errors.New("token is revoked: ask the operator for a new one")

	// ErrTokenExpired means a session has ended by itself.
	ErrTokenExpired = errors.New("session has ended: sign in again")

	// ErrAccountUnknown means a user has no way to sign in, or nobody has that name.
	ErrAccountUnknown = errors.New("no such account: invite the user first")
	// ErrAccountTaken means another user signs in by that name or subject.
	ErrAccountTaken = errors.New("taken by another user")

	// ErrSecretsExist means the secrets file stands already and is not overwritten.
	ErrSecretsExist = errors.New("secrets file exists already")
	// ErrSecretsMissing means there is no secrets file.
	ErrSecretsMissing = errors.New("secrets file is missing: copy it back from the backup of this store")
	// ErrSecretsOther means the secrets file belongs to another store.
	ErrSecretsOther = errors.New("secrets file belongs to another store: copy back the one from the backup of this store")
	// ErrSecretsDamaged means the secrets file cannot be read as one.
	ErrSecretsDamaged = errors.New("secrets file is damaged: copy it back from the backup of this store")
	// ErrSecretsExposed means others than the owner may read the secrets file.
	ErrSecretsExposed = errors.New("secrets file can be read by others")
)

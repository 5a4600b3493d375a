// Package settings fills a command's flags from the places where an operator keeps them: the command line, else the
// environment, else a file. A setting has one name in all three: the flag --tls-cert is ONEDOOR_TLS_CERT in the environment
// and tls-cert in the file.
//
// It knows no setting by name and checks no value beyond its form: what a command does with its flags is the command's own.
// It finds everything that is wrong before it says anything, and it never ignores what it does not know: a misspelt name
// would leave out, without a word, what somebody relies on. Values that carry a password are shown without it.
//
// # The file
//
// One YAML mapping from names to values, flat:
//
//	data: /var/lib/onedoor
//	listen: 0.0.0.0:7443
//	tls-cert: /etc/onedoor/cert.pem   # comments are welcome
//
// A value is text, a number, true or false, or for settings that take several a list of those.
//
// Read settings.go first.
package settings

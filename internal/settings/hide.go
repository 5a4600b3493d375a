package settings

import (
	"net/url"
	"regexp"
	"strings"
)

// hidden stands for what is not shown.
const hidden = "xxxxx"

// secretWord begins or ends the name of what must not be shown, in the parameters of a URL and in a database's key=value form.
var secretWord = regexp.MustCompile(`(?i)(password|passwd|secret|token|authorization|access_?key|api_?key|sslkey)`)

// pairs finds name=value in a text; a value may be quoted.
var pairs = regexp.MustCompile(`([A-Za-z0-9_.-]+)(\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&,;]+)`)

// Hidden gives a value without its passwords: that of a URL's user, and of every name=value whose name tells a secret.
func Hidden(value string) string {
	if before, rest, isURL := strings.Cut(value, "://"); isURL {
		return before + "://" + hidePairs(hideUser(rest))
	}
	return hidePairs(value)
}

// hideUser hides the password in what follows a URL's scheme. The last @ before the path ends the user: a password that
// was not escaped may hold one too.
func hideUser(rest string) string {
	authority, path := rest, ""
	if at := strings.IndexAny(rest, "/?#"); at >= 0 {
		authority, path = rest[:at], rest[at:]
	}
	at := strings.LastIndex(rest, "@")
	if at > len(authority) && strings.Contains(rest[:at], ":") { // A slash in a password: what stands before the @ is all the user's.
		authority, path = rest[:at], rest[at:]
		user, _, _ := strings.Cut(authority, ":")
		return user + ":" + hidden + path
	}
	at = strings.LastIndex(authority, "@")
	if at < 0 {
		return rest
	}
	user, _, has := strings.Cut(authority[:at], ":")
	if !has {
		return rest
	}
	return user + ":" + hidden + authority[at:] + path
}

func hidePairs(value string) string {
	return pairs.ReplaceAllStringFunc(value, func(pair string) string {
		name, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if !secretWord.MatchString(name) {
			return pair
		}
		return pair[:strings.Index(pair, "=")+1] + hidden
	})
}

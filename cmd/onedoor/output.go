package main

import "onedoor/syncengine"

// idText is an id as UUID text; empty for none.
func idText(b []byte) string {
	id, ok := syncengine.IDFromBytes(b)
	if !ok {
		return ""
	}
	return id.String()
}

// idTexts writes ids as UUID text; never nil, so that JSON has an array.
func idTexts(list [][]byte) []string {
	out := make([]string, len(list))
	for i, b := range list {
		out[i] = idText(b)
	}
	return out
}

// orDash shows that there is nothing.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

package main

import (
	"encoding/json"
	"time"

	"onedoor/internal/command"
)

// valueText shows a value to people: texts without quotes, "-" for none.
func valueText(raw json.RawMessage) string {
	var text string
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return "-"
	case json.Unmarshal(raw, &text) != nil:
		return string(raw)
	}
	if _, err := time.Parse(time.RFC3339, text); err == nil {
		return command.Clock(raw)
	}
	return text
}

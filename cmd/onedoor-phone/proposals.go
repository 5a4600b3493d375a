package main

import (
	"fmt"
	"io"

	client "onedoor/client-sdk"
	"onedoor/internal/command"
	"onedoor/internal/recordjson"
)

// proposalJSON is what a rule proposes about a record.
type proposalJSON struct {
	Rule string `json:"rule"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// withProposals adds what the rules propose about a record; nothing where they propose nothing.
func withProposals(o recordjson.Object, proposed []client.Complaint) recordjson.Object {
	if len(proposed) == 0 {
		return o
	}
	list := make([]proposalJSON, len(proposed))
	for i, c := range proposed {
		list[i] = proposalJSON{c.Rule, c.ZH, c.EN}
	}
	return o.With("proposals", list)
}

// printEdited names the record that an edit wrote, with what the rules propose about it.
func (a *app) printEdited(p *phone, id, did string) error {
	number, err := parseID(id)
	if err != nil {
		return err
	}
	proposed, err := p.Advice(number)
	if err != nil {
		return err
	}
	return a.Print(withProposals(recordjson.Object{}.With("id", id), proposed), func(w io.Writer) {
		fmt.Fprintf(w, "%s%s\n", did, command.Printable(id))
		for _, c := range proposed {
			fmt.Fprintln(w, client.Sentence{ZH: c.ZH, EN: c.EN}.In(a.language()))
		}
	})
}

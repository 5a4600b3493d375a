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
func withProposals(o recordjson.Object, record *client.Record) (recordjson.Object, error) {
	proposed, err := record.Proposals()
	if err != nil || len(proposed) == 0 {
		return o, err
	}
	list := make([]proposalJSON, len(proposed))
	for i, c := range proposed {
		list[i] = proposalJSON{c.Rule, c.ZH, c.EN}
	}
	return o.With("proposals", list), nil
}

// printEdited names the record that an edit wrote, with what the rules propose about it.
func (a *app) printEdited(p *phone, id, did string) error {
	object := recordjson.Object{}.With("id", id)
	var proposed []client.Complaint
	number, err := parseID(id)
	if err != nil {
		return err
	}
	record, err := p.Get(number)
	if err != nil {
		return err
	}
	if proposed, err = record.Proposals(); err != nil {
		return err
	}
	if object, err = withProposals(object, record); err != nil {
		return err
	}
	return a.Print(object, func(w io.Writer) {
		fmt.Fprintf(w, "%s%s\n", did, command.Printable(id))
		for _, c := range proposed {
			fmt.Fprintln(w, client.Sentence{ZH: c.ZH, EN: c.EN}.In(a.language()))
		}
	})
}

package directory

import (
	"fmt"

	"onedoor/internal/wire"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// Verify holds the records of the directory against identity's documents and gives a
// sentence for the operator where they differ. A server that starts writes what
// differs, so a finding tells of a realm that none has served since.
func Verify(r store.Reader) (problems []string, err error) {
	pages, err := All(r)
	if err != nil {
		return nil, err
	}
	for _, p := range pages {
		row, ok, err := r.Record(p.ID)
		if err != nil {
			return nil, err
		}
		if !ok {
			problems = append(problems, fmt.Sprintf("%s is known to the server and has no record that phones read: start the server to write it", p.name()))
			continue
		}
		rec, err := wire.DecodeRecord(row.ID, row.Kind, row.Seq, row.Body)
		if err != nil {
			return nil, err
		}
		if problem := p.compare(rec); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems, nil
}

func (p Page) compare(rec *syncengine.Record) string {
	switch _, differs, err := p.toward(rec); {
	case err != nil:
		return fmt.Sprintf("%s: its record cannot be read: %v", p.name(), err)
	case differs:
		return fmt.Sprintf("%s reads otherwise on phones than at the server: start the server to write it", p.name())
	}
	return ""
}

// name names a page for the operator, who may know ids and codes.
func (p Page) name() string {
	if coded, ok := p.Want.(interface{ GetCode() string }); ok {
		return "territory " + coded.GetCode()
	}
	return "user " + p.ID.String()
}

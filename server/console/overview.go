package console

import (
	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// overviewData is what the overview shows.
type overviewData struct {
	*adminv1.GetOverviewResponse
	Waiting *waitingCounts
}

// waitingCounts are what waits for a person's decision within the reader's reach, up to a page of each.
type waitingCounts struct {
	Conflicts, Changes         int
	MoreConflicts, MoreChanges bool
}

// overviewPage shows what is open in a territory and in those below it.
func (v *visit) overviewPage() error {
	out, err := call(v, v.c.o.Admin.GetOverview, &adminv1.GetOverviewRequest{TerritoryCode: v.query("area")})
	if err != nil {
		return err
	}
	d := &overviewData{GetOverviewResponse: out}
	if d.Waiting, err = v.waiting(); err != nil {
		return err
	}
	return v.showPage("overview", &view{Title: out.GetTerritoryName(), Section: "/overview", Data: d, Charts: true, Live: true})
}

// waiting counts what waits.
func (v *visit) waiting() (*waitingCounts, error) {
	conflicts, err := call(v, v.c.o.Admin.ListConflicts, &adminv1.ListConflictsRequest{Limit: reviewPerPage})
	if err != nil {
		return nil, err
	}
	changes, err := call(v, v.c.o.Admin.ListQuarantine, &adminv1.ListQuarantineRequest{Limit: reviewPerPage})
	if err != nil {
		return nil, err
	}
	return &waitingCounts{
		Conflicts: len(conflicts.GetConflicts()), MoreConflicts: len(conflicts.GetNextAfterRecordId()) > 0,
		Changes: len(changes.GetChanges()), MoreChanges: changes.GetNextAfterSeq() != 0,
	}, nil
}

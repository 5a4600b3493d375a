package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/syncengine"
)

// The functions below stand in docs/sdk.md word for word; the tests at the end
// run them against a server and compare them with the page.

// open makes or opens the phone of one user; key comes from the key store.
func open(dir string, key []byte) (*client.Replica, error) {
	return client.Open(dir, key, client.Options{DeviceName: "和丽的手机"})
}

// join makes this phone a user's, by the operator's join code, and fetches what
// the user may read, so that the phone can leave the house.
func join(ctx context.Context, phone *client.Replica, server, code string) error {
	if err := phone.Enrol(ctx, server, code); err != nil {
		return err
	}
	return phone.Prepare(ctx)
}

// doorsOf prints the screen a round begins with.
func doorsOf(w io.Writer, phone *client.Replica, grid string) error {
	doors, err := phone.List(client.Query{Kind: "premises", Grid: grid, Due: true})
	if err != nil {
		return err
	}
	for _, rec := range doors {
		door := &recordv1.Premises{}
		if err := rec.Read(door); err != nil {
			return err
		}
		fmt.Fprintf(w, "%s  %s\n", door.GetAddress(), rec.State)
	}
	return nil
}

// visit records a visit and a hazard found on it: one commit, seen by others as
// one. It works without signal.
func visit(phone *client.Replica, door syncengine.ID, note string) (visit syncengine.ID, err error) {
	err = phone.Group(func(g *client.Group) error {
		visit, err = g.Add(&recordv1.Visit{
			PremisesIds: [][]byte{door[:]},
			Outcome:     recordv1.VisitOutcome_VISIT_OUTCOME_SEEN.Enum(),
			Note:        proto.String(note),
		})
		if err != nil {
			return err
		}
		_, err = g.Add(&recordv1.Hazard{
			PremisesId: door[:],
			VisitId:    visit[:],
			Code:       recordv1.HazardCode_HAZARD_CODE_GAS.Enum(),
		})
		return err
	})
	return visit, err
}

// together begins a joint visit on one phone, and joins it on a colleague's, by the code that was read out.
func together(first, colleague *client.Replica, door syncengine.ID) (code string, err error) {
	begun, err := first.BeginJoint(client.JointPart{
		Door: door, Contribution: "查看了电线", Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN,
	})
	if err != nil {
		return "", err
	}
	_, err = colleague.JoinVisit(begun.Code, client.JointPart{Door: door, Contribution: "查看了租约"})
	return begun.Code, err
}

// house notes one visit to all rooms of a building: all seen, but two.
func house(phone *client.Replica, building syncengine.ID) error {
	_, err := phone.VisitRooms(&client.RoomsVisit{
		Building: building, Outcome: recordv1.VisitOutcome_VISIT_OUTCOME_SEEN,
		Exceptions: map[string]recordv1.VisitOutcome{
			"302": recordv1.VisitOutcome_VISIT_OUTCOME_NOBODY, "405": recordv1.VisitOutcome_VISIT_OUTCOME_REFUSED,
		},
	})
	return err
}

// round prints the doors of today's round, and is called again after every visit.
func round(w io.Writer, phone *client.Replica) error {
	plan, err := phone.Plan("")
	if err != nil {
		return err
	}
	for _, door := range plan.Due {
		fmt.Fprintf(w, "%s  %s  %s\n", door.Slot, door.Address, door.Reason.In(client.Chinese))
	}
	return nil
}

// onTheSpot closes a quarrel that was settled at the door: one form, also in a cellar.
func onTheSpot(phone *client.Replica, form string) (says string, err error) {
	id, err := phone.BeginCase("dispute", "resolve", client.StepInput{Fields: form})
	var refused *client.Refusal
	if errors.As(err, &refused) {
		return refused.Sentence(client.Chinese), nil
	}
	if err != nil {
		return "", err
	}
	work, err := phone.Case(id)
	if err != nil {
		return "", err
	}
	return work.State, nil
}

// keep saves an edit; what the rules of the field refuse becomes a draft and a
// sentence for the screen, and nothing the user typed is lost.
func keep(phone *client.Replica, id, form string) (says string, err error) {
	err = phone.EditJSON(id, form)
	var refused *client.Refusal
	if !errors.As(err, &refused) {
		return "", err
	}
	_, err = phone.SaveDraft(&client.Draft{Kind: "visit", RecordID: id, Text: form})
	return refused.Sentence(client.Chinese), err
}

// settle shows what two people wrote without knowing of each other, and takes
// the first of the other values.
func settle(w io.Writer, phone *client.Replica) error {
	open, err := phone.Conflicts()
	if err != nil || len(open) == 0 {
		return err
	}
	c := open[0]
	fmt.Fprintf(w, "%s: %s (%s)\n", c.Field, c.Shown.JSON, c.Shown.Author)
	for i, other := range c.Others {
		fmt.Fprintf(w, "%d: %s (%s)\n", i+1, other.JSON, other.Author)
	}
	return phone.Restore(c.ID, 1)
}

func TestDocs_TheSDKPageRuns(t *testing.T) {
	w := newWorld(t)
	address := w.listen()
	phone, err := open(filepath.Join(t.TempDir(), "phone"), make([]byte, client.KeyBytes))
	w.must(err)
	defer func() { w.must(phone.Close()) }()
	w.must(join(t.Context(), phone, address, w.code(w.user("和丽", recordv1.Role_ROLE_GRID_WORKER, gridA))))
	grid := w.grids[gridA]
	door, err := phone.Add(&recordv1.Premises{Address: proto.String("民主路3号"), Territory: grid[:]})
	w.must(err)
	var screen strings.Builder
	w.must(doorsOf(&screen, phone, gridA))
	if screen.String() != "民主路3号  pending\n" {
		t.Errorf("the first screen is %q", screen.String())
	}
	screen.Reset()
	w.must(round(&screen, phone))
	if screen.String() != "morning  民主路3号  从未走访\n" {
		t.Errorf("the round is %q", screen.String())
	}
	form := `{"title":"楼道堆物","territory":"` + gridA + `","parties":{"甲方":{"consent":"AGREED"}%s}}`
	for says, other := range map[string]string{"CLOSED": `,"乙方":{"consent":"AGREED"}`, "各方当事人的同意": ""} {
		if got, err := onTheSpot(phone, fmt.Sprintf(form, other)); err != nil || !strings.Contains(got, says) {
			t.Errorf("on the spot it says %q, %v, want %s", got, err, says)
		}
	}
	made, err := visit(phone, door, "燃气软管老化")
	w.must(err)
	if _, err := phone.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	colleague := w.dial("白", address, 9)
	_, err = colleague.Sync(t.Context())
	w.must(err)
	if code, err := together(phone, colleague, door); err != nil || len(code) != 12 {
		t.Errorf("the code is %q, %v", code, err)
	}
	building, err := phone.Add(&recordv1.Premises{Address: proto.String("民主路9号楼"), Territory: grid[:], Compound: proto.String("民主苑"), Building: proto.String("9")})
	w.must(err)
	for _, room := range []string{"302", "405", "501"} {
		_, err := phone.Add(&recordv1.Premises{Address: proto.String("民主路9号楼" + room), Territory: grid[:], ParentId: building[:], Door: proto.String(room)})
		w.must(err)
	}
	w.must(house(phone, building))
	says, err := keep(phone, made.String(), `{"note":"房东电话13812345678"}`)
	if drafts, _ := phone.Drafts(); err != nil || !strings.Contains(says, "电话号码") || len(drafts) != 1 {
		t.Errorf("the refusal says %q, %v, drafts %v", says, err, drafts)
	}
	for _, one := range []*client.Replica{colleague, phone} {
		says, err := keep(one, made.String(), `{"note":"`+one.Self().UserName+`改过"}`)
		w.must(err)
		if says != "" {
			t.Errorf("refused: %s", says)
		}
		_, err = one.Sync(t.Context())
		w.must(err)
	}
	screen.Reset()
	w.must(settle(&screen, phone))
	if !strings.Contains(screen.String(), "note:") || !strings.Contains(screen.String(), "1: ") {
		t.Errorf("the screen of conflicts is %q", screen.String())
	}
	if open, err := phone.Conflicts(); err != nil || len(open) != 0 {
		t.Errorf("still open: %v, %v", open, err)
	}
}

// TestDocs_TheSDKPageShowsTheCodeThatRuns compares the page's Go with this file.
func TestDocs_TheSDKPageShowsTheCodeThatRuns(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "docs", "sdk.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 6 {
		t.Errorf("the page shows %d pieces of code", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(string(source), b[1]) {
			t.Errorf("the page shows code that no test runs:\n%s", b[1])
		}
	}
}

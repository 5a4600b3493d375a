package phones

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	client "onedoor/client-sdk"
	"onedoor/internal/recordwords"
	"onedoor/internal/wire"
	"onedoor/syncengine"
)

// form shows the form of a new visit, hazard or dispute.
func (x *screen) form() error {
	return x.showForm(http.StatusOK, "")
}

func (x *screen) showForm(status int, trouble string) error {
	kind := x.r.PathValue("kind")
	if kind != "visit" && kind != "hazard" && kind != "dispute" {
		return client.ErrNotFound
	}
	data := map[string]any{
		"Kind": kind, "KindWords": recordwords.Kind(kind).In(x.lang), "Trouble": trouble, "Value": func(name string) string { return x.r.FormValue(name) },
		"Outcomes": recordwords.Enum("VisitOutcome"), "Purposes": recordwords.Enum("VisitPurpose"), "Codes": recordwords.Enum("HazardCode"),
		"Severities": recordwords.Enum("Severity"), "Disposals": recordwords.Enum("Disposal"), "Categories": recordwords.Enum("DisputeCategory"),
		"Forms": recordwords.Enum("AgreementForm"),
	}
	if door := x.r.FormValue("door"); door != "" {
		id, err := wire.ParseID(door)
		if err != nil {
			return client.ErrNotFound
		}
		data["Door"], data["Address"] = door, x.door(id[:])
	}
	x.show(status, "form", data)
	return nil
}

// add keeps what was typed; what the rules of the field complain about is told above the form.
func (x *screen) add() error {
	id, err := x.made()
	if err != nil {
		return x.showForm(http.StatusUnprocessableEntity, x.explain(err))
	}
	return x.back("records/" + id.String())
}

func (x *screen) made() (syncengine.ID, error) {
	door, err := wire.ParseID(x.r.FormValue("door"))
	if err != nil {
		return syncengine.ID{}, client.ErrNotFound
	}
	switch x.r.PathValue("kind") {
	case "visit":
		return x.phone.Replica.Add(&recordv1.Visit{
			PremisesIds: [][]byte{door[:]}, Purpose: chosen[recordv1.VisitPurpose](x, "purpose"), Outcome: chosen[recordv1.VisitOutcome](x, "outcome"), Note: x.text("note"),
		})
	case "hazard":
		return x.phone.Replica.Add(&recordv1.Hazard{
			PremisesId: door[:], Code: chosen[recordv1.HazardCode](x, "code"), SeverityFound: chosen[recordv1.Severity](x, "severity"),
			Disposal: chosen[recordv1.Disposal](x, "disposal"), Note: x.text("note"),
		})
	}
	return x.dispute(door)
}

// dispute registers a dispute, or settles it on the spot: one form, one commit.
func (x *screen) dispute(door syncengine.ID) (syncengine.ID, error) {
	place, err := x.placeOf(door)
	if err != nil {
		return syncengine.ID{}, err
	}
	fields := map[string]any{"title": x.r.FormValue("title"), "premises_id": door.String(), "territory": place, "source": "GRID_PATROL"}
	if n := chosen[recordv1.DisputeCategory](x, "category"); n != nil {
		fields["category"] = strings.TrimPrefix(n.String(), "DISPUTE_CATEGORY_")
	}
	step := "register"
	if x.r.FormValue("settled") != "" {
		step = "resolve"
		fields["parties"] = map[string]any{"甲方": map[string]any{"consent": "AGREED"}, "乙方": map[string]any{"consent": "AGREED"}}
		if text := x.text("agreement"); text != nil {
			fields["agreement_text"] = *text
		}
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return syncengine.ID{}, err
	}
	return x.phone.Replica.BeginCase("dispute", step, client.StepInput{Fields: string(text)})
}

// placeOf gives the code of the territory of a door.
func (x *screen) placeOf(door syncengine.ID) (string, error) {
	rec, err := x.phone.Replica.Get(door)
	if err != nil {
		return "", err
	}
	m := &recordv1.Premises{}
	if err := rec.Read(m); err != nil {
		return "", err
	}
	id, _ := syncengine.IDFromBytes(m.GetTerritory())
	place, err := x.phone.Replica.Get(id)
	if err != nil {
		return "", err
	}
	t := &recordv1.Territory{}
	err = place.Read(t)
	return t.GetCode(), err
}

// edit changes a hazard: its severity and its note.
func (x *screen) edit() error {
	rec, m, err := x.read()
	if err != nil {
		return err
	}
	was, ok := m.(*recordv1.Hazard)
	if !ok {
		return client.ErrUnknownKind
	}
	changed := &recordv1.Hazard{}
	if s := chosen[recordv1.Severity](x, "severity"); s != nil && *s != was.GetSeverityFound() {
		changed.SeverityFound = s
	}
	if note := x.text("note"); note != nil && *note != was.GetNote() {
		changed.Note = note
	}
	if proto.Size(changed) > 0 {
		if err := x.phone.Replica.Edit(rec.ID, changed); err != nil {
			return err
		}
	}
	return x.back("records/" + rec.ID.String())
}

// settle closes a conflict.
func (x *screen) settle() error {
	id := x.r.PathValue("id")
	n, err := strconv.Atoi(x.r.PostFormValue("choice"))
	switch {
	case err != nil:
		return client.ErrNoChoice
	case n == 0:
		err = x.phone.Replica.Acknowledge(id)
	default:
		err = x.phone.Replica.Restore(id, n)
	}
	if err != nil {
		return err
	}
	return x.back("conflicts")
}

// text gives what was typed; nil for nothing.
func (x *screen) text(name string) *string {
	if t := strings.TrimSpace(x.r.FormValue(name)); t != "" {
		return &t
	}
	return nil
}

// chosen gives the value of a list; nil where nothing was chosen.
func chosen[E ~int32](x *screen, name string) *E {
	n, err := strconv.ParseInt(x.r.FormValue(name), 10, 32)
	if err != nil || n == 0 {
		return nil
	}
	e := E(n)
	return &e
}

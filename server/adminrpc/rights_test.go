package adminrpc_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"
	syncv1 "onedoor/proto/gen/onedoor/sync/v1"

	"onedoor/internal/schema"
	"onedoor/server/exchange"
	"onedoor/server/identity"
	"onedoor/server/store"
	"onedoor/syncengine"
)

// The matrix of rights: every role, in every relation to every kind of record under every mark, on every path, field by
// field. What is wanted is written by hand below, from the roles of the field and not from the options.

// readers names who may read records of a kind, writers who may write them.
var (
	readers = map[string]string{
		"premises":   "helper grid_worker police_officer community_staff street_lead",
		"visit":      "helper grid_worker police_officer community_staff street_lead",
		"hazard":     "helper grid_worker police_officer community_staff department street_lead",
		"dispute":    "grid_worker police_officer community_staff reception dispatcher mediator department street_lead district psychologist lawyer",
		"case_event": "grid_worker police_officer community_staff reception dispatcher mediator department street_lead psychologist lawyer",
		"task":       "helper grid_worker police_officer community_staff reception dispatcher mediator department street_lead psychologist lawyer",
		"attachment": "grid_worker police_officer community_staff reception dispatcher mediator department street_lead psychologist lawyer",
	}
	writers = map[string]string{
		"premises":   "grid_worker police_officer community_staff",
		"visit":      "helper grid_worker police_officer community_staff",
		"hazard":     "helper grid_worker police_officer community_staff department street_lead",
		"dispute":    "grid_worker police_officer community_staff reception dispatcher mediator department street_lead",
		"case_event": "grid_worker police_officer community_staff reception dispatcher mediator department street_lead psychologist lawyer",
		"task":       "helper grid_worker police_officer community_staff reception dispatcher mediator department street_lead psychologist lawyer",
		"attachment": "grid_worker police_officer community_staff reception dispatcher mediator department street_lead psychologist lawyer",
	}
	// sealedFields are residents' names and numbers, policeFields what only the police may know, ruledFields what only
	// officers, staff, dispatchers and the street's lead may write, notForHelpers the substance of a case.
	sealedFields  = "premises.contact dispute.party_contacts"
	sealedReaders = "grid_worker police_officer community_staff reception dispatcher mediator"
	policeFields  = "premises.police_note"
	ruledFields   = "premises.officer premises.worker visit.checks_visit_id visit.check_result visit.check_reason hazard.severity_ruled " +
		"dispute.mediator dispute.participants dispute.sealed dispute.recused dispute.departments dispute.escalated_at"
	ruledWriters  = "police_officer community_staff dispatcher street_lead"
	notForHelpers = "task.detail"
	serverFields  = "attachment.state premises.territory visit.territory dispute.territory task.delivered_at task.delivered_device task.done_reason " +
		"hazard.door_address hazard.door_territory"
	// byTerritory are the roles that a territory gives anything.
	byTerritory = "helper grid_worker police_officer community_staff reception dispatcher mediator street_lead"
)

func among(list, name string) bool { return slices.Contains(strings.Fields(list), name) }

func mayRead(role, kind, field string) bool {
	name := kind + "." + field
	return among(readers[kind], role) && (!among(sealedFields, name) || among(sealedReaders, role)) &&
		(!among(policeFields, name) || role == "police_officer") && (!among(notForHelpers, name) || role != "helper")
}

func mayWrite(role, kind, field string) bool {
	name := kind + "." + field
	return mayRead(role, kind, field) && among(writers[kind], role) && !among(serverFields, name) &&
		(!among(ruledFields, name) || among(ruledWriters, role))
}

// relations are the ways in which the users of the matrix stand to records.
var relations = []string{"territory", "named record", "named user", "department", "elsewhere"}

// bundles are a door with its visit and hazard, and a case with its event, task and attachment, each under other marks.
var bundles = []string{"plain", "naming", "routed", "escalated", "sealed", "recused"}

// reaches says by hand whom a record of a bundle reaches.
func reaches(role, relation, bundle, kind string) bool {
	ofDoor := kind == "premises" || kind == "visit" || kind == "hazard"
	switch {
	case role == "auditor" || role == "operator":
		return false
	case ofDoor:
		return relation == "territory" && among(byTerritory, role) || relation == "named record"
	case bundle == "recused":
		return false
	case bundle == "sealed":
		return relation == "named record" || relation == "named user"
	case bundle == "escalated" && role == "district":
		return true
	}
	switch relation {
	case "territory":
		return among(byTerritory, role)
	case "named record":
		return true
	case "named user":
		return bundle == "naming"
	case "department":
		return bundle == "routed" && role == "department"
	}
	return false
}

// reader is one user of the matrix.
type reader struct {
	role, relation string
	id             syncengine.ID
	ctx            context.Context
	phone          *phone
	// replies is all that the phone was ever sent.
	replies []byte
}

// planted is one record of a bundle.
type planted struct {
	bundle, kind string
	id           syncengine.ID
	// twin tells which of two: 0 has a losing value in each field that can have one, 1 a kept one.
	twin int
}

// matrixWorld is a realm with all readers and all records.
type matrixWorld struct {
	*world
	readers []*reader
	records []*planted
	checks  int
}

const matrixDepartment = "住房和城乡建设局"

func newMatrix(t *testing.T) *matrixWorld {
	m := &matrixWorld{world: newWorld(t)}
	for _, relation := range relations {
		for number, name := range recordv1.Role_name {
			if number != 0 {
				m.add(relation, strings.ToLower(strings.TrimPrefix(name, "ROLE_")), recordv1.Role(number))
			}
		}
	}
	for _, b := range bundles {
		for twin := range 2 {
			m.plant(b, twin)
		}
	}
	m.disagree()
	m.mark()
	m.grantByName()
	for _, r := range m.readers {
		r.phone = m.world.phone(r.id)
		r.pull()
	}
	return m
}

func (m *matrixWorld) add(relation, name string, role recordv1.Role) {
	req := &adminv1.AddUserRequest{Name: name, Role: role}
	switch relation {
	case "territory":
		req.TerritoryCode = community
	case "department":
		req.Department = matrixDepartment
	case "elsewhere":
		req.TerritoryCode = elsewhere
	}
	out, err := m.client.AddUser(m.operator, req)
	m.must(err)
	r := &reader{role: name, relation: relation, id: syncengine.ID(out.GetUserId())}
	r.ctx = m.as(r.id)
	m.readers = append(m.readers, r)
}

// plant makes the records of a bundle, with every field set.
func (m *matrixWorld) plant(bundle string, twin int) {
	made := map[string]*planted{}
	for _, kind := range []string{"premises", "visit", "hazard", "dispute", "case_event", "task", "attachment"} {
		made[kind] = &planted{bundle: bundle, kind: kind, id: m.id(), twin: twin}
		m.records = append(m.records, made[kind])
	}
	door, dispute, grid := made["premises"].id, made["dispute"].id, m.territory(gridA)
	var changes []exchange.ServerChange
	for _, kind := range []string{"premises", "visit", "hazard", "dispute", "case_event", "task", "attachment"} {
		msg := m.filled(made[kind], "base")
		switch r := msg.(type) {
		case *recordv1.Premises:
			r.Territory = grid[:]
		case *recordv1.Visit:
			r.PremisesIds, r.Territory = [][]byte{door[:]}, grid[:]
		case *recordv1.Hazard:
			r.PremisesId = door[:]
		case *recordv1.Dispute:
			r.Territory, r.PremisesId, r.Mediator, r.Participants = grid[:], nil, nil, nil
			r.Sealed, r.Recused, r.Departments, r.EscalatedAt = nil, nil, nil, nil
		case *recordv1.CaseEvent:
			r.CaseId = dispute[:]
		case *recordv1.Task:
			r.CaseId, r.PremisesId, r.ForUser = dispute[:], nil, nil
		case *recordv1.Attachment:
			r.OwnerId = dispute[:]
		}
		changes = append(changes, exchange.ServerChange{RecordID: made[kind].id, Kind: kindOf(kind).Number, Create: true, Fields: msg})
	}
	_, err := m.realm.Write(m.ctx, syncengine.ID{}, changes)
	m.must(err)
}

func kindOf(name string) *schema.Kind {
	k, ok := schema.Load().KindByName(name)
	if !ok {
		panic("no kind " + name)
	}
	return k
}

// words stand in a text field of one record, in one variant, and nowhere else: 16 characters, which every field takes.
func words(r *planted, field, variant string) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %s %s", r.bundle, r.twin, r.kind, field))
	return fmt.Sprintf("%x-%.3s", sum[:6], variant)
}

// filled is a record's message with every field set.
func (m *matrixWorld) filled(r *planted, variant string) proto.Message {
	msg := kindOf(r.kind).Type.New()
	for _, f := range kindOf(r.kind).Fields {
		m.fill(msg, f, words(r, f.Name, variant))
	}
	return msg.Interface()
}

// fill sets one field: texts to the words, numbers to a small one that differs by variant, ids to any.
func (m *matrixWorld) fill(msg protoreflect.Message, f *schema.Field, text string) {
	d := f.Desc
	switch {
	case d.IsMap():
		key := protoreflect.ValueOfString("甲方").MapKey()
		value := msg.Mutable(d).Map().NewValue()
		if d.MapValue().Kind() == protoreflect.MessageKind {
			m.fillAll(value.Message(), text)
		} else {
			value = m.scalar(d.MapValue(), text)
		}
		msg.Mutable(d).Map().Set(key, value)
	case d.IsList() && d.Kind() == protoreflect.MessageKind:
	case d.IsList():
		msg.Mutable(d).List().Append(m.scalar(d, text))
	case d.Kind() == protoreflect.MessageKind:
		m.fillAll(msg.Mutable(d).Message(), text)
	default:
		msg.Set(d, m.scalar(d, text))
	}
}

func (m *matrixWorld) fillAll(msg protoreflect.Message, text string) {
	fields := msg.Descriptor().Fields()
	for i := range fields.Len() {
		if d := fields.Get(i); d.Kind() != protoreflect.MessageKind && !d.IsList() {
			msg.Set(d, m.scalar(d, text))
		}
	}
}

func (m *matrixWorld) scalar(d protoreflect.FieldDescriptor, text string) protoreflect.Value {
	n := 1
	if strings.HasSuffix(text, "-sec") {
		n = 2
	}
	id := m.id()
	switch d.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(text)
	case protoreflect.BytesKind:
		return protoreflect.ValueOfBytes(id[:])
	case protoreflect.EnumKind:
		return protoreflect.ValueOfEnum(protoreflect.EnumNumber(n))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(n == 1)
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(int32(n))
	case protoreflect.Uint32Kind:
		return protoreflect.ValueOfUint32(uint32(n))
	case protoreflect.Uint64Kind:
		return protoreflect.ValueOfUint64(uint64(n))
	}
	return protoreflect.ValueOfInt64(int64(n))
}

// contested lists the fields of a kind that two people can write at once: a step between states is declared from one.
func contested(kind *schema.Kind) (out []*schema.Field) {
	for _, f := range kind.Fields {
		if f.Engine.Scope == syncengine.NoScope && f.Engine.Shape != syncengine.Set && f.Engine.Policy != syncengine.States && !among(serverFields, kind.Name+"."+f.Name) {
			out = append(out, f)
		}
	}
	return out
}

// disagree has an officer, offline, and the server write every field at once; then the server, who sees the head of the
// log and was shown one of the two, writes once more over one of the twins.
func (m *matrixWorld) disagree() {
	p := m.world.phone(m.user("官", officer, community))
	p.sync()
	write := func(r *planted, variant string) proto.Message {
		kind := kindOf(r.kind)
		msg := kind.Type.New()
		for _, f := range contested(kind) {
			m.fill(msg, f, words(r, f.Name, variant))
		}
		return msg.Interface()
	}
	var second, third []exchange.ServerChange
	for _, r := range m.records {
		kind := kindOf(r.kind).Number
		p.edit(recordv1.Kind(kind), r.id, write(r, "first"))
		second = append(second, exchange.ServerChange{RecordID: r.id, Kind: kind, Fields: write(r, "second")})
		if r.twin == 1 {
			third = append(third, exchange.ServerChange{RecordID: r.id, Kind: kind, Fields: write(r, "third")})
		}
	}
	_, err := m.realm.Write(m.ctx, syncengine.ID{}, second)
	m.must(err)
	for i, o := range p.sync() {
		if o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_QUARANTINED {
			m.t.Fatalf("the officer's edit %d came to %v", i, o)
		}
	}
	_, err = m.realm.Write(m.ctx, syncengine.ID{}, third)
	m.must(err)
}

// mark has each bundle's case name, reach and keep out whom it should.
func (m *matrixWorld) mark() {
	var named, everybody [][]byte
	for _, r := range m.readers {
		everybody = append(everybody, r.id[:])
		if r.relation == "named user" {
			named = append(named, r.id[:])
		}
	}
	marks := map[string]*recordv1.Dispute{
		"naming":    {Participants: named},
		"routed":    {Departments: []string{matrixDepartment}},
		"escalated": {EscalatedAt: proto.Int64(1)},
		"sealed":    {Participants: named, Departments: []string{matrixDepartment}, EscalatedAt: proto.Int64(1), Sealed: proto.Bool(true)},
		"recused":   {Participants: named, Departments: []string{matrixDepartment}, EscalatedAt: proto.Int64(1), Recused: everybody},
	}
	var changes []exchange.ServerChange
	for _, r := range m.records {
		if fields := marks[r.bundle]; r.kind == "dispute" && fields != nil {
			changes = append(changes, exchange.ServerChange{RecordID: r.id, Kind: kindOf("dispute").Number, Fields: fields})
		}
	}
	_, err := m.realm.Write(m.ctx, syncengine.ID{}, changes)
	m.must(err)
}

// grantByName grants every door and case to those who are to hold them by name.
func (m *matrixWorld) grantByName() {
	var ids []syncengine.ID
	for _, r := range m.records {
		if r.kind == "premises" || r.kind == "dispute" {
			ids = append(ids, r.id)
		}
	}
	m.must(m.realm.Update(m.ctx, func(tx store.Writer) error {
		for _, r := range m.readers {
			if r.relation != "named record" {
				continue
			}
			u, err := identity.GetUser(tx, r.id)
			if err != nil {
				return err
			}
			if err := identity.PutFurtherGrants(tx, r.id, []identity.Grant{{Role: u.Role, Records: ids}}); err != nil {
				return err
			}
			if _, err := identity.RefreshGrants(tx, r.id, 1); err != nil {
				return err
			}
		}
		return nil
	}))
}

// pull syncs the phone and keeps the bytes of every reply.
func (r *reader) pull() {
	for range 100 {
		resp, err := r.phone.w.realm.Exchange(r.phone.w.ctx, r.phone.request())
		r.phone.w.must(err)
		raw, err := proto.Marshal(resp)
		r.phone.w.must(err)
		r.replies = append(r.replies, raw...)
		r.phone.take(resp)
		if resp.GetCaughtUp() {
			return
		}
	}
	r.phone.w.t.Fatal("phone never caught up")
}

// want counts one case of the matrix.
func (m *matrixWorld) want(r *reader, rec *planted, field, path string, got, want bool) {
	m.t.Helper()
	if m.checks++; got != want {
		m.t.Errorf("%s in relation %q, %s %s.%s (twin %d) by %s: told %v, wanted %v", r.role, r.relation, rec.bundle, rec.kind, field, rec.twin, path, got, want)
	}
}

// holdsText reports a field whose values hold the words that it was filled with.
func holdsText(f *schema.Field) bool {
	d := f.Desc
	switch {
	case d.IsMap():
		d = d.MapValue()
		return d.Kind() == protoreflect.StringKind || d.Kind() == protoreflect.MessageKind && d.Message().Name() == "Contact"
	case d.Kind() == protoreflect.MessageKind:
		return d.Message().Name() == "Contact"
	}
	return d.Kind() == protoreflect.StringKind && !d.IsList()
}

// variantsOf are the variants of a contested field's value that stand somewhere in a record.
func variantsOf(rec *planted) []string {
	if rec.twin == 1 {
		return []string{"third"}
	}
	return []string{"first", "second"}
}

func TestRights_EveryFieldOfEveryKindReachesExactlyWhomItShould(t *testing.T) {
	m := newMatrix(t)
	for _, r := range m.readers {
		seen := m.console(r)
		for _, rec := range m.records {
			m.checkRecord(r, rec, seen)
		}
	}
	t.Logf("%d cases: %d users, %d records", m.checks, len(m.readers), len(m.records))
	if m.checks < 50_000 {
		t.Errorf("%d cases only", m.checks)
	}
	m.verify()
}

// told is what the console tells one user of everything.
type told struct {
	explained map[syncengine.ID]*adminv1.ExplainResponse
	conflicts map[syncengine.ID][]*adminv1.Conflict
	// history holds all bytes of what the log and the explanations tell.
	history []byte
}

func (m *matrixWorld) console(r *reader) *told {
	out := &told{explained: map[syncengine.ID]*adminv1.ExplainResponse{}, conflicts: map[syncengine.ID][]*adminv1.Conflict{}}
	for _, rec := range m.records {
		if x, err := m.client.Explain(r.ctx, &adminv1.ExplainRequest{RecordId: rec.id[:]}); err == nil {
			out.explained[rec.id] = x
		}
	}
	for after := []byte(nil); ; {
		list, err := m.client.ListConflicts(r.ctx, &adminv1.ListConflictsRequest{AfterRecordId: after})
		m.must(err)
		for _, c := range list.GetConflicts() {
			out.conflicts[syncengine.ID(c.GetRecordId())] = append(out.conflicts[syncengine.ID(c.GetRecordId())], c)
		}
		if after = list.GetNextAfterRecordId(); len(after) == 0 {
			break
		}
	}
	entries, err := collect(m.client.ReadLog(r.ctx, &adminv1.ReadLogRequest{}))
	m.must(err)
	for _, e := range entries {
		raw, err := proto.Marshal(e)
		m.must(err)
		out.history = append(out.history, raw...)
	}
	return out
}

func (m *matrixWorld) checkRecord(r *reader, rec *planted, seen *told) {
	kind := kindOf(rec.kind)
	reached := reaches(r.role, r.relation, rec.bundle, rec.kind)
	page := r.phone.have[rec.id]
	cells := fieldsTold(kind, page)
	explained := seen.explained[rec.id]
	overseer := r.role == "auditor" || r.role == "operator"
	m.want(r, rec, "", "page", page != nil, reached && among(readers[rec.kind], r.role))
	m.want(r, rec, "", "explain", explained != nil, overseer || reached && among(readers[rec.kind], r.role))
	for _, f := range kind.Fields {
		may := reached && mayRead(r.role, rec.kind, f.Name)
		n := f.Engine.Number
		if cells[n] || may && isSet(rec, f) {
			m.want(r, rec, f.Name, "page", cells[n], may && isSet(rec, f))
		}
		m.want(r, rec, f.Name, "explain", readIn(explained, n), may && isSet(rec, f))
		if !slices.Contains(contested(kind), f) {
			continue
		}
		// What phones fill in by themselves is history; nobody is asked about it.
		m.want(r, rec, f.Name, "conflicts", conflictTells(seen.conflicts[rec.id], n), may && !f.Rules.GetSelfFilled())
		if !holdsText(f) {
			continue
		}
		for _, variant := range variantsOf(rec) {
			text := []byte(words(rec, f.Name, variant))
			m.want(r, rec, f.Name, "the bytes of replies, "+variant, bytes.Contains(r.replies, text), may)
			m.want(r, rec, f.Name, "the bytes of the log, "+variant, bytes.Contains(seen.history, text), may)
		}
		if rec.twin == 1 {
			kept := bytes.Contains(r.replies, []byte(words(rec, f.Name, "first"))) || bytes.Contains(r.replies, []byte(words(rec, f.Name, "second")))
			m.want(r, rec, f.Name, "the bytes of kept values", kept, may)
		}
	}
}

// isSet reports a field that was given a value: the marks stand in some bundles only.
func isSet(rec *planted, f *schema.Field) bool {
	switch rec.kind + "." + f.Name {
	case "dispute.premises_id", "dispute.mediator", "task.premises_id", "task.for_user":
		return false
	case "dispute.participants":
		return rec.bundle == "naming" || rec.bundle == "sealed" || rec.bundle == "recused"
	case "dispute.departments":
		return rec.bundle == "routed" || rec.bundle == "sealed" || rec.bundle == "recused"
	case "dispute.escalated_at":
		return rec.bundle == "escalated" || rec.bundle == "sealed" || rec.bundle == "recused"
	case "dispute.sealed":
		return rec.bundle == "sealed"
	case "dispute.recused":
		return rec.bundle == "recused"
	}
	return !f.Desc.IsList() || f.Desc.Kind() != protoreflect.MessageKind
}

// fieldsTold lists the fields of which a page tells anything.
func fieldsTold(kind *schema.Kind, page *syncv1.PageRecord) map[syncengine.FieldNumber]bool {
	out := map[syncengine.FieldNumber]bool{}
	if page == nil {
		return out
	}
	msg := kind.Type.New()
	if err := proto.Unmarshal(page.GetFields(), msg.Interface()); err != nil {
		return out
	}
	msg.Range(func(d protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		out[syncengine.FieldNumber(d.Number())] = true
		return true
	})
	for _, c := range page.GetCells() {
		out[syncengine.FieldNumber(c.GetField())] = true
	}
	return out
}

// readIn reports that an explanation tells a value of a field.
func readIn(x *adminv1.ExplainResponse, n syncengine.FieldNumber) bool {
	for _, c := range x.GetCells() {
		values := append(append([]*adminv1.Value{c.GetShown()}, c.GetLosing()...), c.GetKept()...)
		if c.GetCell().GetField() == uint32(n) && slices.ContainsFunc(values, func(v *adminv1.Value) bool { return len(v.GetData()) > 0 }) {
			return true
		}
	}
	return false
}

func conflictTells(list []*adminv1.Conflict, n syncengine.FieldNumber) bool {
	return slices.ContainsFunc(list, func(c *adminv1.Conflict) bool {
		return c.GetCell().GetField() == uint32(n) && len(c.GetShown().GetData()) > 0
	})
}

func TestRights_EveryFieldIsWrittenByExactlyWhomItShould(t *testing.T) {
	m := newMatrix(t)
	for _, r := range m.readers {
		m.pushAll(r)
	}
	t.Logf("%d cases: %d users", m.checks, len(m.readers))
	if m.checks < 5_000 {
		t.Errorf("%d cases only", m.checks)
	}
	m.verify()
}

// attempt is one field that a user tries to write.
type attempt struct {
	record *planted
	field  string
}

// pushAll has a user's phone write every field of the plain records, and of those under a mark the first of each kind.
func (m *matrixWorld) pushAll(r *reader) {
	var tried []attempt
	for _, rec := range m.records {
		if rec.twin == 1 {
			continue
		}
		kind := kindOf(rec.kind)
		fields := contested(kind)
		if territory, ok := kind.FieldByName("territory"); ok {
			fields = append(fields, territory)
		}
		if rec.bundle != "plain" {
			fields = fields[:1]
		}
		for _, f := range fields {
			msg := kind.Type.New()
			m.fill(msg, f, words(rec, f.Name, r.role))
			r.phone.edit(recordv1.Kind(kind.Number), rec.id, msg.Interface())
			tried = append(tried, attempt{rec, f.Name})
		}
	}
	for i, o := range r.phone.sync() {
		rec, field := tried[i].record, tried[i].field
		taken := o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_APPLIED || o.GetCode() == syncv1.OutcomeCode_OUTCOME_CODE_MERGED
		m.want(r, rec, field, "write", taken, reaches(r.role, r.relation, rec.bundle, rec.kind) && mayWrite(r.role, rec.kind, field))
		if !taken {
			m.want(r, rec, field, "the reason of the refusal: "+o.GetReason().String(), reasonFits(r, rec, field, o.GetReason()), true)
		}
	}
}

// reasonFits reports a reason that says truly why a write waits.
func reasonFits(r *reader, rec *planted, field string, why syncv1.QuarantineReason) bool {
	reached := reaches(r.role, r.relation, rec.bundle, rec.kind)
	switch why {
	case syncv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_SCOPE:
		return !reached
	case syncv1.QuarantineReason_QUARANTINE_REASON_MOVE_BY_SERVER_ONLY:
		return reached && field == "territory"
	}
	return why == syncv1.QuarantineReason_QUARANTINE_REASON_NOT_PERMITTED && (reached || r.role == "auditor" || r.role == "operator")
}

// Package domain holds the rules of the field, the same code on the phone and on the server: territory codes, roles,
// which doors are due and why, what counts as seen, what an edit must hold before it is kept, and which texts carry a
// number of a person.
//
// It decides from its arguments alone. It never does I/O, reads a clock, starts a goroutine or draws at random, and it
// never refuses an edit because of a clock. It knows no merge policy, no visibility and no declared step: those stand
// in the options of the proto files under proto/onedoor/record/v1, and syncengine acts on them. The numbers of the
// enums here are those of the proto files; a test compares them. Nothing in it scores, ranks or tracks a person.
//
// Words, one meaning each:
//
//   - Territory (辖区): a place of the tree province, prefecture, county, street, community, grid, microgrid. Records
//     name it by id; its Code is for people and files.
//   - Realm: one county-level unit, with one log.
//   - Premises (房屋, door): what is visited. Risk belongs to it, as a Grade with reasons.
//   - Visit (走访): one call at one or more doors. Its Outcome is one of four valid results; without one it is an attempt.
//   - Hazard (隐患): one thing wrong at one door. Severity is found by anyone and ruled by an officer or staff.
//   - Dispute (矛盾纠纷): one case of the centre, worked by a Clinic (门诊). Parties stand in it by alias.
//   - Case: a hazard or a dispute, with a timeline of case events (一案一档).
//   - Task (任务/督办): one thing to do about a door or a case.
//   - Team (1+1+N): one officer, one grid worker, N helpers over one or more grids.
//   - Cadence: how often a door is to be seen; a door whose cadence has run out is due.
//   - Complaint: why an edit is not kept, as a sentence its author can act on.
//   - Identifier: an identity number, bank card or telephone number in free text, which no record may hold.
//
// Read casework.go first, then privacy.go and cadence.go.
package domain

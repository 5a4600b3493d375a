// Package casework is the work on cases, from intake to the archive: which step a dispute, a hazard or a task may take from
// which state, who may take it by role and by relation to the case, what it needs, and what it leaves on the timeline
// (一案一档). Phone and server ask the same tables.
//
// It refuses no step because of a clock: a late step is taken and shows as late. It writes no record and knows no merge
// policy. Which state may follow which stands twice, here by steps and in the options of the proto files by states, because
// the sync rules may not depend on the steps of an office; a test holds that both say the same.
//
// What a step needs of the record's own fields (consent of each party, a reason, a date) are preconditions of package
// domain, since they hold for an edit by hand as well; a step names them for the documents. What it needs of the timeline is
// asked here.
//
// Read step.go first, then dispute.go, hazard.go and task.go, the tables, and timing.go, the deadlines.
package casework

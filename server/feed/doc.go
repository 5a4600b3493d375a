// Package feed tells systems outside of the realm how records stand: a hotline, a city's platform, a court's register.
//
// A feed has the rights of one user of the realm and is cut by the very code that cuts a phone's page, so that nothing
// reaches it that would not reach that user; sealed fields it has only under an entry of the sharing register (个人信息保护法,
// article 23) that is in force, and every page that leaves stands in the access ledger first. What goes out tells whole
// records: a page that comes twice changes nothing, and what a receiver missed it is told again from its cursor.
//
// Pages are read by their receiver, or posted to it as the Standard Webhooks specification has it (version 1.0.0): signed,
// one after the other, and again until they are taken. The package keeps no copy of what it sent, and writes no record but
// through casework. Read feed.go first, then read.go and post.go.
package feed

package server

import (
	"onedoor/server/adminrpc"
	"onedoor/server/casework"
	"onedoor/server/feed"
	"onedoor/server/report"
	"onedoor/server/signin"
)

// openReaders makes what works on the realm's log beside its callers.
func (h *hosted) openReaders() {
	c := h.config
	h.cases = casework.New(h.realm, casework.Options{Now: c.Now, Every: c.LookEvery, Log: c.Log, Post: h.post})
	h.reports = report.New(h.realm, report.Options{
		Log: c.Log, Saved: c.path(CountFile), Software: software, Random: c.Random, Post: h.post,
	})
	h.feeds = feed.New(h.realm, feed.Options{Secrets: h.secrets, Cases: h.cases, Hub: h.hub, Now: c.Now, Log: c.Log, Post: h.post, Posted: h.posted})
}

// openAdminService makes what answers operators, people at the console, and who signs in.
func (h *hosted) openAdminService() {
	c := h.config
	h.admin = adminrpc.New(h.realm, adminrpc.Options{
		Now: c.Now, Random: c.Random, Log: c.Log, BehindGateway: c.behindGateway(),
		LastBackup: h.config.lastBackup, VisitsBy: h.reports.VisitsBy, Cases: h.cases,
		SignIn: signin.New(h.realm, signin.Options{Key: h.secrets.SignInKey(), Guesses: h.guesses, Provider: c.Provider, Now: c.Now, Random: c.Random, Limits: h.signIns, Realm: h.code()}),
	})
}

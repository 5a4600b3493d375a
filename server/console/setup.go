package console

import (
	"net/http"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
)

// setUpData is what the pages for setting up a way to sign in show.
type setUpData struct {
	// Code is the invitation's.
	Code string
	// Shown is what the authenticator has to learn; nil before the password is chosen.
	Shown *adminv1.BeginSetUpResponse
	// Done is the name to sign in with, once all is done.
	Done string
}

func (v *visit) setUpPage() { v.showSetUp(http.StatusOK, &setUpData{}, nil) }

func (v *visit) showSetUp(status int, d *setUpData, p *problem) {
	v.show(status, "setup", &view{Title: v.lang.pick("设置登录方式", "Set up how to sign in"), Data: d, Problem: p})
}

// setUp takes the code of the invitation and a new password, and shows the authenticator's key.
func (v *visit) setUp() {
	d := &setUpData{Code: v.form("code")}
	if v.r.PostFormValue("password") != v.r.PostFormValue("again") {
		v.showSetUp(http.StatusUnprocessableEntity, d, refused("两次输入的密码不一样。", "The two passwords differ."))
		return
	}
	shown, err := call(v, v.c.o.Admin.BeginSetUp, &adminv1.BeginSetUpRequest{Code: d.Code, Password: v.r.PostFormValue("password")})
	if err != nil {
		p := problemOf(err)
		v.showSetUp(p.status, d, p)
		return
	}
	d.Shown = shown
	v.showSetUp(http.StatusOK, d, nil)
}

// finishSetUp checks that the authenticator shows the right code.
func (v *visit) finishSetUp() {
	d := &setUpData{Code: v.form("code")}
	done, err := call(v, v.c.o.Admin.FinishSetUp, &adminv1.FinishSetUpRequest{Code: d.Code, Totp: v.form("totp")})
	if err != nil {
		p := problemOf(err)
		// The key is not shown a second time by the server: the page carries it along.
		d.Shown = &adminv1.BeginSetUpResponse{OtpauthUri: v.form("uri"), Secret: v.form("secret"), Name: v.form("name")}
		v.showSetUp(p.status, d, p)
		return
	}
	d.Done = done.GetName()
	v.showSetUp(http.StatusOK, d, nil)
}

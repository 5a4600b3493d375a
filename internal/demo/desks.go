package demo

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/pquerna/otp/totp"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"
	recordv1 "onedoor/proto/gen/onedoor/record/v1"

	"onedoor/domain"
	"onedoor/server/store"
)

// codePeriod is how long a one-time code is shown (RFC 6238).
const codePeriod = 30 * time.Second

// demoDepartment is a department of the scene, so that cases can be routed to one.
const demoDepartment = "住房和城乡建设局"

// deskPassword is the password of every desk. It guards test characters on this machine; the demo prints it.
const deskPassword = "yi-hu-yi-men-2026"

// Desk is an account with which somebody signs in at the demo's console, with its authenticator.
type Desk struct {
	// Name and Password are typed, Secret is the authenticator's key.
	Name, Password, Secret string
	Role                   domain.Role
	// User is the name of the test character.
	User string

	// mu guards used.
	mu sync.Mutex
	// used is the time step of the last code that was given out: each works once.
	used int64
}

// Code gives a one-time code that has not been given out before, or how long to wait for the next one.
func (d *Desk) Code(now time.Time) (code string, wait time.Duration, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	step := max(now.Unix()/int64(codePeriod.Seconds()), d.used+1)
	at := time.Unix(step*int64(codePeriod.Seconds()), 0)
	if wait := at.Sub(now) - codePeriod; wait > 0 {
		return "", wait, nil // Clocks may differ by one step, so the next one is good already.
	}
	if code, err = totp.GenerateCode(d.Secret, at); err == nil {
		d.used = step
	}
	return code, 0, err
}

// deskRoles are the roles whose desk somebody can sit down at.
var deskRoles = []Role{RoleReception, RoleDispatcher, RoleMediator, RoleStreetLead, RoleCommunityStaff, RoleDistrict, RoleAuditor, RoleOperator}

// openDesks lets a person of each role sign in at the console. It happens on the day of the script, so that codes of now are fresh.
func (d *Demo) openDesks(ctx context.Context) error {
	if d.options.HTTP == "" {
		return nil
	}
	d.watch.begin(StageDesks, len(deskRoles)+1)
	for _, role := range deskRoles {
		for i, u := range d.cast.Users {
			if u.Role != role {
				continue
			}
			id := d.names.users[i]
			if err := d.openDesk(ctx, role, id[:], u.Name); err != nil {
				return err
			}
			break
		}
	}
	return d.openDepartment(ctx)
}

// openDepartment hires a handler of a department, whom the cast lacks.
func (d *Demo) openDepartment(ctx context.Context) error {
	name := testStaff(roleTitles[RoleDepartment], len(d.cast.Users)+1)
	out, err := d.realm.admin.AddUser(d.realm.operator(ctx), &adminv1.AddUserRequest{
		Name: name, Role: recordv1.Role_ROLE_DEPARTMENT, TerritoryCode: string(streetCode), Department: demoDepartment,
	})
	if err != nil {
		return fmt.Errorf("hire for a department: %w", err)
	}
	return d.openDesk(ctx, RoleDepartment, out.GetUserId(), name)
}

// openDesk sets up password and authenticator of one person, as they would.
func (d *Demo) openDesk(ctx context.Context, role Role, user []byte, name string) error {
	parsed, err := domain.ParseRole(string(role))
	if err != nil {
		return err
	}
	signIn := strings.ReplaceAll(parsed.String(), "_", "-")
	desk := &Desk{Name: signIn, Password: deskPassword, Role: parsed, User: name}
	invited, err := d.realm.admin.Invite(d.realm.operator(ctx), &adminv1.InviteRequest{UserId: user, Name: signIn})
	if err != nil {
		return fmt.Errorf("invite %s: %w", name, err)
	}
	shown, err := d.realm.admin.BeginSetUp(ctx, &adminv1.BeginSetUpRequest{Code: invited.GetCode(), Password: desk.Password})
	if err != nil {
		return fmt.Errorf("choose a password for %s: %w", name, err)
	}
	desk.Secret = shown.GetSecret()
	code, err := totp.GenerateCode(desk.Secret, d.realm.clock.now())
	if err == nil {
		_, err = d.realm.admin.FinishSetUp(ctx, &adminv1.FinishSetUpRequest{Code: invited.GetCode(), Totp: code})
	}
	if err != nil {
		return fmt.Errorf("set up the sign-in of %s: %w", name, err)
	}
	d.desks = append(d.desks, desk)
	d.watch.done(1)
	return nil
}

// Desks lists the accounts of the demo's console; none where it has no console.
func (d *Demo) Desks() []*Desk { return d.desks }

// ConsoleAddr is where the console answers; empty where there is none.
func (d *Demo) ConsoleAddr() string {
	if at := d.realm.server.ConsoleAddr(); at != nil {
		return at.String()
	}
	return ""
}

// Server is where phones reach the realm.
func (d *Demo) Server() string { return d.realm.address() }

// View runs f on a consistent state of the realm, for who counts again.
func (d *Demo) View(ctx context.Context, f func(store.Reader) error) error {
	return d.realm.view(ctx, f)
}

package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/mdp/qrterminal/v3"
	"github.com/spf13/cobra"

	adminv1 "onedoor/proto/gen/onedoor/admin/v1"

	"onedoor/internal/command"
)

func newDevice(a *app) *cobra.Command {
	return a.reaching(command.Group("device", "Make join codes, list and revoke devices",
		"A device is one local database of one user. It is enrolled with a join code.",
		a.deviceCode(), a.deviceList(),
		a.deviceEnd("revoke", "End the trust in a device for good", `For a phone that was lost or stolen. It gets no more pages, and what it still
sends is quarantined, up to 2,000 changes. The user enrols another one with a new
code. Says what was probably on the phone and what it had not sent.`, false),
		a.deviceEnd("wipe", "End the trust in a device and have it destroy what it holds", `As revoke; and at its next contact the phone hands in what was written on it and
then destroys its database and keys. Its signed receipt shows in device list.`, true)))
}

// codeJSON is what `device code --json` prints.
type codeJSON struct {
	Code    string          `json:"code"`
	Expires json.RawMessage `json:"expires"`
}

func (a *app) deviceCode() *cobra.Command {
	var user string
	c := &cobra.Command{
		Use: "code --user USER", Short: "Make a code with which a user enrols one device", Args: cobra.NoArgs,
		Long: `Prints a join code of three groups of four symbols. It works once and for 72
hours, and is shown this once. On a terminal it is also drawn as a QR code.`,
		Example: `  onedoor device code --user USER_ID --data ./realm`,
	}
	c.Flags().StringVar(&user, "user", "", "the `USER` who enrols a device")
	command.Required(c, "user")
	c.RunE = a.asking(func(client *client, _ []string) error {
		id, err := parseID("--user", user)
		if err != nil {
			return err
		}
		m, err := client.CreateJoinCode(client.ctx, &adminv1.CreateJoinCodeRequest{UserId: id})
		if err != nil {
			return err
		}
		if a.Terminal {
			qrterminal.GenerateHalfBlock(m.GetCode(), qrterminal.M, a.Err)
		}
		return a.Print(codeJSON{m.GetCode(), command.TimeJSON(m.GetExpiresMs())}, func(w io.Writer) {
			fmt.Fprintf(w, "%s\nworks once, until %s\n", m.GetCode(), command.TimeText(m.GetExpiresMs()))
		})
	})
	return c
}

// deviceJSON is a device as `device list --json` prints it.
type deviceJSON struct {
	ID            string          `json:"id"`
	UserID        string          `json:"user_id"`
	User          string          `json:"user"`
	Name          string          `json:"name"`
	State         string          `json:"state"`
	Enrolled      json.RawMessage `json:"enrolled"`
	LastContact   json.RawMessage `json:"last_contact"`
	Pending       uint64          `json:"pending"`
	OldestPending json.RawMessage `json:"oldest_pending"`
	AppVersion    string          `json:"app_version"`
	WipeOrdered   json.RawMessage `json:"wipe_ordered"`
	Wiped         json.RawMessage `json:"wiped"`
	Loss          *lossJSON       `json:"loss"`
}

func (a *app) deviceList() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List all devices with what each last said of itself", Args: cobra.NoArgs,
		Long: `Lists every device with its user, its last contact, and how many changes were
still in its outbox then and since when.`,
		Example: "  onedoor device list --data ./realm",
	}
	c.RunE = a.asking(func(client *client, _ []string) error {
		all, err := client.everyDevice()
		if err != nil {
			return err
		}
		devices := make([]deviceJSON, 0, len(all))
		t := command.Table{}
		t.Add("ID", "USER", "DEVICE", "STATE", "LAST CONTACT", "PENDING", "SINCE", "VERSION")
		for _, d := range all {
			devices = append(devices, deviceJSON{
				ID: idText(d.GetId()), UserID: idText(d.GetUserId()), User: d.GetUserName(), Name: d.GetName(), State: short(d.GetState()),
				Enrolled: command.TimeJSON(d.GetEnrolledMs()), LastContact: command.TimeJSON(d.GetLastContactMs()),
				Pending: d.GetPending(), OldestPending: command.TimeJSON(d.GetOldestPendingMs()), AppVersion: d.GetAppVersion(),
				WipeOrdered: command.TimeJSON(d.GetWipeOrderedMs()), Wiped: command.TimeJSON(d.GetWipedMs()), Loss: lossOf(d.GetLoss()),
			})
			t.Add(idText(d.GetId()), d.GetUserName(), orDash(d.GetName()), short(d.GetState()), command.TimeText(d.GetLastContactMs()),
				fmt.Sprint(d.GetPending()), command.TimeText(d.GetOldestPendingMs()), orDash(d.GetAppVersion()))
		}
		return a.Print(map[string]any{"devices": devices}, t.Write)
	})
	return c
}

// lossJSON is what was probably on a device when the trust in it ended.
type lossJSON struct {
	LastContact json.RawMessage   `json:"last_contact"`
	Records     map[string]uint64 `json:"records"`
	Contacts    uint64            `json:"contacts"`
	Unsent      uint64            `json:"unsent"`
	UnsentSince json.RawMessage   `json:"unsent_since"`
	Reason      string            `json:"reason"`
}

func lossOf(m *adminv1.DeviceLoss) *lossJSON {
	if m == nil {
		return nil
	}
	out := &lossJSON{
		LastContact: command.TimeJSON(m.GetLastContactMs()), Records: map[string]uint64{}, Contacts: m.GetContacts(),
		Unsent: m.GetUnsent(), UnsentSince: command.TimeJSON(m.GetUnsentSinceMs()), Reason: m.GetReason(),
	}
	for _, c := range m.GetRecords() {
		out.Records[c.GetKind()] = c.GetCount()
	}
	return out
}

// endedJSON is what revoke and wipe print.
type endedJSON struct {
	ID    string    `json:"id"`
	State string    `json:"state"`
	Loss  *lossJSON `json:"loss"`
}

func (a *app) deviceEnd(verb, summary, long string, wipe bool) *cobra.Command {
	var device, reason string
	c := &cobra.Command{
		Use: verb + " --device DEVICE [--reason TEXT]", Short: summary, Long: long, Args: cobra.MaximumNArgs(1),
		Example: "  onedoor device " + verb + " --device 01890a5d-ac96-774b-bcce-b302099a8057 --reason 手机在集市被盗 --data ./realm",
	}
	c.Flags().StringVar(&device, "device", "", "the `DEVICE`; it may be given without the flag too")
	c.Flags().StringVar(&reason, "reason", "", "`TEXT` for the ledger: why")
	c.RunE = a.asking(func(client *client, args []string) error {
		if len(args) == 1 && device == "" {
			device = args[0]
		}
		id, err := parseID("--device", device)
		if err != nil {
			return err
		}
		m, err := client.RevokeDevice(client.ctx, &adminv1.RevokeDeviceRequest{DeviceId: id, Reason: reason, Wipe: wipe})
		if err != nil {
			return err
		}
		result := endedJSON{idText(id), short(m.GetDevice().GetState()), lossOf(m.GetDevice().GetLoss())}
		return a.Print(result, func(w io.Writer) { printLoss(w, result, m.GetDevice().GetLoss()) })
	})
	return c
}

func printLoss(w io.Writer, result endedJSON, loss *adminv1.DeviceLoss) {
	fmt.Fprintf(w, "device %s is %s\n", result.ID, result.State)
	fmt.Fprintf(w, "last contact: %s\nprobably on it:", command.TimeText(loss.GetLastContactMs()))
	for _, c := range loss.GetRecords() {
		fmt.Fprintf(w, " %d %s", c.GetCount(), c.GetKind())
	}
	fmt.Fprintf(w, "; %d with a contact\nnot sent: %d changes since %s\n", loss.GetContacts(), loss.GetUnsent(), command.TimeText(loss.GetUnsentSinceMs()))
}

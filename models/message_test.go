package models_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"recado/models"
)

// step is a status change, a minute apart from its neighbours in the table.
func step(status models.MessageStatus, minute int) models.StatusChange {
	change := models.StatusChange{Status: status, At: noon.Add(time.Duration(minute) * time.Minute)}
	if status == models.StatusFailed {
		change.Failure = &models.Failure{Code: "RECIPIENT_UNREACHABLE"}
	}
	return change
}

func TestMessage_Apply_in_any_order(t *testing.T) {
	const (
		accepted  = models.StatusAccepted
		sent      = models.StatusSent
		delivered = models.StatusDelivered
		read      = models.StatusRead
		played    = models.StatusPlayed
		failed    = models.StatusFailed
	)
	for _, test := range []struct {
		name  string
		steps []models.MessageStatus
		want  models.MessageStatus
	}{
		{"nothing", nil, models.StatusSending},
		{"taken", []models.MessageStatus{accepted}, accepted},
		{"on its way", []models.MessageStatus{accepted, sent}, sent},
		{"delivered", []models.MessageStatus{accepted, sent, delivered}, delivered},
		{"read", []models.MessageStatus{accepted, sent, delivered, read}, read},
		{"read without word of the delivery", []models.MessageStatus{accepted, sent, read}, read},
		{"played", []models.MessageStatus{accepted, sent, delivered, read, played}, played},
		{"refused by the network", []models.MessageStatus{accepted, failed}, failed},
		{"failed after it left", []models.MessageStatus{accepted, sent, failed}, failed},
		{"failed on one device, delivered on another", []models.MessageStatus{accepted, sent, failed, delivered}, delivered},
		{"failed on one device, read on another", []models.MessageStatus{accepted, failed, delivered, read}, read},
		{"told twice", []models.MessageStatus{sent, delivered, sent, delivered}, delivered},
	} {
		t.Run(test.name, func(t *testing.T) {
			changes := make([]models.StatusChange, len(test.steps))
			for i, status := range test.steps {
				changes[i] = step(status, i)
			}
			want := models.Message{Status: models.StatusSending}
			for _, change := range changes {
				want.Apply(change)
			}
			require.Equal(t, test.want, want.Status)
			for order := range permutations(changes) {
				message := models.Message{Status: models.StatusSending}
				for _, change := range order {
					before := message
					require.Equal(t, message.Apply(change), !reflect.DeepEqual(message, before), "it reports whether it changed")
				}
				require.Equal(t, want, message)
			}
		})
	}
}

func TestMessage_Apply(t *testing.T) {
	t.Run("keeps the earliest time of a step", func(t *testing.T) {
		message := models.Message{Status: models.StatusSending}
		require.True(t, message.Apply(step(models.StatusDelivered, 5)))
		require.True(t, message.Apply(step(models.StatusDelivered, 3)))
		require.False(t, message.Apply(step(models.StatusDelivered, 4)))
		require.Equal(t, noon.Add(3*time.Minute), *message.DeliveredAt)
	})
	t.Run("an unknown step changes nothing", func(t *testing.T) {
		message := models.Message{Status: models.StatusSent}
		require.False(t, message.Apply(models.StatusChange{Status: "TELEPORTED", At: noon}))
		require.False(t, message.Apply(models.StatusChange{Status: models.StatusQueued, At: noon}))
		require.Equal(t, models.Message{Status: models.StatusSent}, message)
	})
	t.Run("keeps the failure even if the message arrived elsewhere", func(t *testing.T) {
		message := models.Message{Status: models.StatusDelivered}
		require.True(t, message.Apply(step(models.StatusFailed, 1)))
		require.Equal(t, models.StatusDelivered, message.Status)
		require.NotNil(t, message.Failure)
	})
}

func TestMessageStatus_Pending(t *testing.T) {
	for status, want := range map[models.MessageStatus]bool{
		models.StatusReceived: false, models.StatusQueued: true, models.StatusSending: true, models.StatusUnconfirmed: true,
		models.StatusAccepted: false, models.StatusSent: false, models.StatusDelivered: false, models.StatusRead: false,
		models.StatusPlayed: false, models.StatusFailed: false,
	} {
		require.Equal(t, want, status.Pending(), status)
	}
}

func TestMessage_FromCustomer(t *testing.T) {
	for _, kind := range models.KindsNotWritten() {
		require.False(t, models.Message{Direction: models.Inbound, Kind: kind}.FromCustomer(), kind)
	}
	for _, kind := range []string{"text", "image", "reaction", "unsupported", "a kind of the future"} {
		require.True(t, models.Message{Direction: models.Inbound, Kind: kind}.FromCustomer(), kind)
		require.False(t, models.Message{Direction: models.Outbound, Kind: kind}.FromCustomer(), kind)
	}
}

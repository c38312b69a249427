package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"recado/models"
)

func TestCleanWebsite(t *testing.T) {
	for website, want := range map[string]string{
		"":                              "",
		"padaria.example":               "https://padaria.example",
		"http://padaria.example/pães?x": "http://padaria.example/p%C3%A3es?x",
		"HTTPS://padaria.example":       "https://padaria.example",
	} {
		clean, err := models.CleanWebsite(" " + website + " ")
		require.NoError(t, err, website)
		require.Equal(t, want, clean)
	}
	for _, website := range []string{
		"javascript:alert(1)", "javascript://padaria.example/%0Aalert(1)", "ftp://padaria.example", "padaria", "https://", "https://a b.example",
		"https://user:secret@padaria.example", "https://" + strings.Repeat("a", models.MaxWebsite) + ".example", "https://padaria.example/\x00",
	} {
		_, err := models.CleanWebsite(website)
		require.Equal(t, models.NewError(models.CodeInvalid, "website"), err, website)
	}
}

func TestCleanPhone(t *testing.T) {
	for phone, want := range map[string]string{"": "", "  ": "", " (11)  4004-0000 ramal 7 ": "(11) 4004-0000 ramal 7", "+5511987654321": "+5511987654321"} {
		clean, err := models.CleanPhone(phone)
		require.NoError(t, err)
		require.Equal(t, want, clean)
	}
	for _, phone := range []string{"none", "1\x00", strings.Repeat("1", models.MaxPhoneText+1)} {
		_, err := models.CleanPhone(phone)
		require.Equal(t, models.CodeInvalid, models.CodeOf(err), "%q", phone)
	}
}

func TestSortName(t *testing.T) {
	require.Equal(t, "padaria sao joao", models.SortName("Padaria São JOÃO"))
	require.Equal(t, models.SortName("ação"), models.SortName("AC\u0327A\u0303O"), "however it is composed")
	require.NotEmpty(t, models.SortName("\u0301"), "also of an accent alone")
}

func TestFitName(t *testing.T) {
	require.Equal(t, "Ana Lima", models.FitName(" Ana\x00\n Lima\xff ", 200))
	require.Empty(t, models.FitName("\x00 \n", 200))
	t.Run("makes what CleanName takes as it is", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			name := models.FitName(rapid.String().Draw(t, "name"), 20)
			if name == "" {
				return
			}
			clean, err := models.CleanName(name, "name", 20)
			require.NoError(t, err)
			require.Equal(t, name, clean)
		})
	})
}

func TestDeal_enter(t *testing.T) {
	monday := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	tuesday, wednesday := monday.AddDate(0, 0, 1), monday.AddDate(0, 0, 2)
	stage := func(kind models.StageKind) models.PipelineStage {
		return models.PipelineStage{ID: models.NewID(), PipelineID: models.NewID(), Kind: kind}
	}
	open, won, lost := stage(models.StageOpen), stage(models.StageWon), stage(models.StageLost)
	var deal models.Deal
	deal.Enter(open, monday)
	require.Nil(t, deal.ClosedAt)
	deal.Enter(won, tuesday)
	require.Equal(t, &tuesday, deal.ClosedAt)
	deal.Enter(won, wednesday)
	require.Equal(t, tuesday, deal.StageChangedAt, "it was there already")
	deal.Enter(lost, wednesday)
	require.Equal(t, wednesday, deal.StageChangedAt)
	require.Equal(t, &tuesday, deal.ClosedAt, "it was closed before")
	require.Equal(t, lost.PipelineID, deal.PipelineID)
	deal.Enter(open, wednesday)
	require.Nil(t, deal.ClosedAt)
}

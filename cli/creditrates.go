package cli

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"recado/app"
	"recado/models"
)

type creditRatesCommand struct {
	List creditRatesListCommand `cmd:"" help:"Print the prices of a rate card as CSV, those of the past and the future too."`
	Set  creditRatesSetCommand  `cmd:"" help:"Plan prices of a rate card, from CSV as list prints it. Prices of the past stay as they are."`
}

// ratesHeader are the columns. The country is that of the recipient, ISO 3166-1 alpha-2,
// or everyOther; the price is in credits.
var ratesHeader = []string{"category", "country", "effective_from", "price"}

const everyOther = "*"

type creditRatesListCommand struct {
	Card string `required:"" help:"Name of the rate card." placeholder:"NAME"`
}

// Run prints the rates.
func (c creditRatesListCommand) Run(ctx context.Context, p *program) error {
	return p.withApp(ctx, func(opened *app.App) error {
		card, err := findRateCard(ctx, opened, c.Card)
		if err != nil {
			return err
		}
		found, err := opened.Credits.Rates(ctx, card.ID)
		if err != nil {
			return err
		}
		records := [][]string{ratesHeader}
		for _, rate := range found.Rates {
			country := rate.Country
			if country == "" {
				country = everyOther
			}
			records = append(records, []string{string(rate.Category), country, rate.EffectiveFrom.UTC().Format(time.RFC3339), rate.Price.String()})
		}
		return csv.NewWriter(p.stdout).WriteAll(records) //nolint:wrapcheck // the terminal's own
	})
}

type creditRatesSetCommand struct {
	Card string `required:"" help:"Name of the rate card." placeholder:"NAME"`
	File string `help:"The CSV; - is standard input." default:"-" placeholder:"PATH"`
}

// Run plans the rates.
func (c creditRatesSetCommand) Run(ctx context.Context, p *program) error {
	rates, lines, err := c.read(p)
	if err != nil {
		return err
	}
	return p.withApp(ctx, func(opened *app.App) error {
		card, err := findRateCard(ctx, opened, c.Card)
		if err != nil {
			return err
		}
		if err := opened.Credits.SetRates(ctx, card.ID, rates); err != nil {
			return onLine(lines, err)
		}
		fmt.Fprintf(p.stdout, "The card %s has these %d prices.\n", card.Name, len(rates))
		return nil
	})
}

// ratesWrong is what is wrong with a rate, by the field that SetRates names.
var ratesWrong = map[string]string{
	"effectiveFrom": "effective_from must be in the future: prices never change backwards",
	"category":      "there is no such category",
	"country":       "the country must be two capital letters, or * for every other",
	"price":         "the price is below zero, or too high",
}

// onLine says on which line of the file the rate is that SetRates refused.
func onLine(lines []int, err error) error {
	var refused *models.Error
	if !errors.As(err, &refused) {
		return err
	}
	var index int
	var field string
	if _, unknown := fmt.Sscanf(refused.Field, "rates.%d.%s", &index, &field); unknown != nil {
		return err
	}
	return fmt.Errorf("line %d: %s", lines[index], ratesWrong[field])
}

func (c creditRatesSetCommand) read(p *program) (rates []models.Rate, lines []int, err error) {
	if c.File == "-" {
		return readRates(p.stdin)
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, nil, fmt.Errorf("read prices: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return readRates(file)
}

// readRates reads the CSV, and on which line of it each rate is.
func readRates(text io.Reader) (rates []models.Rate, lines []int, err error) {
	reader := csv.NewReader(text)
	reader.FieldsPerRecord = len(ratesHeader)
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return rates, lines, nil
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read prices: %w", err)
		}
		line, _ := reader.FieldPos(0)
		if strings.Join(record, ",") == strings.Join(ratesHeader, ",") {
			continue
		}
		rate := models.Rate{Category: models.PricingCategory(record[0]), Country: strings.TrimPrefix(record[1], everyOther)}
		if rate.EffectiveFrom, err = time.Parse(time.RFC3339, record[2]); err != nil {
			return nil, nil, fmt.Errorf("line %d: %q is no time such as 2027-01-01T00:00:00Z", line, record[2])
		}
		price, ok := models.ParseCredits(record[3])
		if !ok {
			return nil, nil, fmt.Errorf("line %d: %q is no number with at most six decimals", line, record[3])
		}
		rate.Price = price
		rates, lines = append(rates, rate), append(lines, line)
	}
}

func findRateCard(ctx context.Context, opened *app.App, name string) (models.RateCard, error) {
	cards, err := opened.Credits.RateCards(ctx)
	if err != nil {
		return models.RateCard{}, err
	}
	for _, card := range cards {
		if card.Name == name {
			return card, nil
		}
	}
	return models.RateCard{}, fmt.Errorf("there is no rate card %q", name)
}

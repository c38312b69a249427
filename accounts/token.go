package accounts

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"recado/models"
)

const (
	// leeway is how far the clocks of two processes may be apart: a token is
	// accepted this much longer than its exp says.
	leeway = 2 * time.Second
	// maxTokenLength bounds what an unauthenticated caller can have parsed.
	maxTokenLength = 16 << 10
	// maxClaimedChannels keeps a token short enough for a request header.
	maxClaimedChannels = 100
)

// Claims is what an access token says, for edges and front ends that hold the
// public key. Ids are public ids. The rights are those of the moment when the
// token was made, see the package comment.
type Claims struct {
	jwt.RegisteredClaims        // iss, aud, sub (the user), iat, exp, jti
	Organization         string `json:"org"`
	Profile              string `json:"profile"`
	Session              string `json:"sid"`
	Administrator        bool   `json:"admin"` // may REPLY on every channel; Channels is then empty
	// Channels holds the levels by channel. A channel that is not there is NONE.
	Channels map[string]models.MessagingLevel `json:"channels"`
	// ChannelsOmitted tells that there are more than 100 of them, too many for a
	// request header, and that Channels is therefore empty.
	ChannelsOmitted bool `json:"channelsOmitted,omitempty"`
}

// tokens makes and checks access tokens.
type tokens struct {
	keys     KeySet
	lifetime time.Duration
	issuer   string
	audience string
	parser   *jwt.Parser
	verified *verified
}

func newTokens(o Options) tokens {
	return tokens{
		keys: o.Keys, lifetime: o.AccessTokenLifetime, issuer: o.Issuer, audience: o.Audience,
		verified: newVerified(o.Clock),
		parser: jwt.NewParser(
			jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
			jwt.WithIssuer(o.Issuer),
			jwt.WithAudience(o.Audience),
			jwt.WithExpirationRequired(),
			jwt.WithLeeway(leeway),
			jwt.WithTimeFunc(o.Clock),
			jwt.WithStrictDecoding(),
		),
	}
}

// sign makes an access token that ends with its session at the latest. It returns
// the time when it ends, in whole seconds, as the token says it.
func (t tokens) sign(viewer models.Viewer, now, sessionExpiresAt time.Time) (string, time.Time, error) {
	if len(t.keys.public) == 0 {
		return "", time.Time{}, errors.New("sign access token: there is no signing key")
	}
	expiresAt := now.Add(t.lifetime)
	if sessionExpiresAt.Before(expiresAt) {
		expiresAt = sessionExpiresAt
	}
	expiresAt = expiresAt.Truncate(time.Second)
	claims := Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    t.issuer,
			Audience:  jwt.ClaimStrings{t.audience},
			Subject:   models.PublicID(models.PrefixUser, viewer.UserID),
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(expiresAt),
			ID:        models.NewID().String(),
		},
		Organization:    models.PublicID(models.PrefixOrganization, viewer.OrganizationID),
		Profile:         models.PublicID(models.PrefixProfile, viewer.ProfileID),
		Session:         models.PublicID(models.PrefixSession, viewer.SessionID),
		Administrator:   viewer.Administrator,
		Channels:        map[string]models.MessagingLevel{},
		ChannelsOmitted: len(viewer.Levels) > maxClaimedChannels,
	}
	if !claims.ChannelsOmitted {
		for channel, level := range viewer.Levels {
			claims.Channels[models.PublicID(models.PrefixChannel, channel)] = level
		}
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["kid"] = t.keys.signing.ID
	text, err := token.SignedString(t.keys.signing.Key)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("sign access token: %w", err)
	}
	return text, expiresAt, nil
}

// bearer is who a valid token was made for.
type bearer struct {
	session, user, organization models.ID
	expiresAt                   time.Time
}

// verify checks signature, key id, algorithm, issuer, audience and expiry; of a
// token that was valid before, only the expiry. All that can be wrong with a token
// is UNAUTHENTICATED.
func (t tokens) verify(text string) (bearer, error) {
	if len(text) > maxTokenLength {
		return bearer{}, errUnauthenticated
	}
	hash := sha256.Sum256([]byte(text))
	if b, known := t.verified.bearer(hash); known {
		return b, nil
	}
	b, err := t.parse(text)
	if err == nil {
		t.verified.keep(hash, b)
	}
	return b, err
}

func (t tokens) parse(text string) (bearer, error) {
	var claims Claims
	_, err := t.parser.ParseWithClaims(text, &claims, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		if key, known := t.keys.public[kid]; known {
			return key, nil
		}
		return nil, errors.New("unknown key id")
	})
	if err != nil {
		return bearer{}, errUnauthenticated
	}
	b := bearer{expiresAt: claims.ExpiresAt.UTC()}
	var ok [3]bool
	b.session, ok[0] = models.ParsePublicID(models.PrefixSession, claims.Session)
	b.user, ok[1] = models.ParsePublicID(models.PrefixUser, claims.Subject)
	b.organization, ok[2] = models.ParsePublicID(models.PrefixOrganization, claims.Organization)
	if ok != [3]bool{true, true, true} {
		return bearer{}, errUnauthenticated
	}
	return b, nil
}

var errUnauthenticated = models.NewError(models.CodeUnauthenticated, "")

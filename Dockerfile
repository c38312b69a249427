# syntax=docker/dockerfile:1

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/recado . \
	&& mkdir /out/data /out/tmp \
	&& cp "$(go env GOROOT)/lib/time/zoneinfo.zip" /out/zoneinfo.zip

# Nothing but the program: no shell, no packages to keep up to date.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/zoneinfo.zip /zoneinfo.zip
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
COPY --from=build /out/recado /recado
ENV ZONEINFO=/zoneinfo.zip \
	RECADO_HTTP_ADDR=0.0.0.0:8080 \
	RECADO_OPS_ADDR=0.0.0.0:9090 \
	RECADO_DATABASE_URL=sqlite:/data/recado.db
# The SQLite file and the secrets made for it lie in /data. With PostgreSQL nothing is written here.
VOLUME /data
WORKDIR /data
USER 65532:65532
# 8080 is for clients and Meta. 9090 (health, readiness, metrics) is for the operator: do not publish it.
EXPOSE 8080 9090
ENTRYPOINT ["/recado"]
CMD ["serve"]

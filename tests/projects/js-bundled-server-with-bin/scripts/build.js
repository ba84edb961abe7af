require('esbuild').buildSync({
  entryPoints: ['server/bin/start.ts'],
  outfile: 'dist/index.js',
  bundle: true,
  platform: 'node',
  banner: { js: '#!/usr/bin/env node' },
})

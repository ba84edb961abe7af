module.exports = ({ env }) => ({
  auth: { secret: env('ADMIN_JWT_SECRET', 'made up') },
  apiToken: { salt: env('API_TOKEN_SALT', 'made up') },
  transfer: { token: { salt: env('TRANSFER_TOKEN_SALT', 'made up') } },
})

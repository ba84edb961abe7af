import { serve } from '../web'

serve(Number(process.env.PORT ?? 3000))

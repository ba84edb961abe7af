import { serve } from '../web'
serve()

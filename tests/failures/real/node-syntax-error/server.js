const app = = 1

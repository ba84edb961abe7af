Promise.reject('later')

package blas
import ("testing";"math/rand/v2")
func BenchmarkBK(b *testing.B){
 for _,n:=range []int{64,512,1024} { b.Run("",func(b *testing.B){
 r:=rand.New(rand.NewPCG(1,2))
 src:=make([]float64,n*n); for i:=range src {src[i]=r.NormFloat64()}
 a:=make([]float64,n*n); e:=make([]float64,n); perm:=make([]int,n); s:=bkDefault; s.panel=48; w:=make([]float64,s.work(n))
 na:=NativeThreads(1)
 for b.Loop() {copy(a,src); sytrf(na,s,n,a,n,e,perm,w)}
 b.ReportMetric(float64(n)*float64(n)*float64(n)/3/float64(b.Elapsed().Nanoseconds())*float64(b.N),"Gflops")
 })}
}
